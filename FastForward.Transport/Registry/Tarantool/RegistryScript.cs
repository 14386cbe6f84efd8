namespace FastForward.Transport.Registry.Tarantool;

/// <summary>The text of <c>registry.lua</c>, which is a resource of this assembly.</summary>
internal static class RegistryScript
{
    private const string Name = "registry.lua";

    public static string Text { get; } = Read();

    private static string Read()
    {
        using Stream stream =
            typeof(RegistryScript).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"The resource {Name} is missing.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
