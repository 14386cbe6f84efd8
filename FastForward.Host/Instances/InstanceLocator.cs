namespace FastForward.Host.Instances;

/// <summary>
/// Finds the instance file that an operator means: a path, or the node id of a file in the instances directory.
/// </summary>
internal static class InstanceLocator
{
    /// <summary>Where BrandMeister keeps the files of its instances.</summary>
    public const string DefaultDirectory = "/opt/BrandMeister/Instances";

    /// <summary>
    /// The path of the file: <c>&lt;directory&gt;/&lt;number&gt;.conf</c> for a number, the text itself otherwise.
    /// </summary>
    public static string Locate(string instance, string directory) =>
        instance.AsSpan().ContainsAnyExceptInRange('0', '9') ? instance : Path.Combine(directory, $"{instance}.conf");

    /// <summary>Reads the instance; when it is not found, the problem lists those that exist.</summary>
    public static InstanceReading Read(string instance, string directory)
    {
        string file = Locate(instance, directory);
        InstanceReading reading = InstanceReader.ReadFile(file);
        if (file == instance || File.Exists(file))
            return reading.Settings is { } settings && file != instance
                ? VerifyId(reading, settings, instance)
                : reading;
        string[] present = Directory.Exists(directory) ? Directory.GetFiles(directory, "*.conf") : [];
        string advice =
            present.Length == 0
                ? "give the path of the file, or --instances-directory"
                : "the instances there are "
                    + string.Join(", ", present.Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
        return new InstanceReading(null, [new InstanceProblem(file, 0, "", $"there is no such file; {advice}")]);
    }

    /// <summary>Detects a copied file that still has the id of another node.</summary>
    private static InstanceReading VerifyId(InstanceReading reading, InstanceSettings settings, string instance)
    {
        if (uint.TryParse(instance, out uint id) && id == settings.Network)
            return reading;
        return new InstanceReading(
            null,
            [
                new InstanceProblem(
                    settings.File,
                    0,
                    "network",
                    $"the file is that of instance {instance} and says {settings.Network}",
                    $"network = {instance}"
                ),
            ]
        );
    }
}
