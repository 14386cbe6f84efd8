using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Session.Wireshark;

/// <summary>The program tshark with the dissector, and without the settings of the user.</summary>
internal sealed class Tshark : IDisposable
{
    public static readonly string Script = Path.Combine(SourceTree.Root, "docs", "wireshark", "fastforward.lua");

    /// <summary>In a packet where the dissector failed.</summary>
    public static readonly string[] Failures = ["_ws.lua.error", "_ws.malformed.expert", "_ws.malformed.dissector_bug"];

    private readonly string _program = Requires.Program("tshark", "tshark");
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Writes a capture, and has it dissected.</summary>
    /// <param name="write">Writes the capture.</param>
    /// <param name="fields">The fields to show.</param>
    /// <param name="script">The dissector.</param>
    /// <param name="options">Further options of tshark.</param>
    /// <returns>For each packet the values of each field; a field that is not in the packet has none.</returns>
    public List<Dictionary<string, string[]>> Read(
        Action<CaptureFile> write,
        IReadOnlyList<string> fields,
        string? script = null,
        params string[] options
    )
    {
        string path = _directory["capture.pcap"];
        using (CaptureFile capture = new(path))
            write(capture);
        string[] shown = [.. fields.SelectMany(static field => new[] { "-e", field })];
        string output = Run([
            _program,
            .. (string[])["-X", $"lua_script:{script ?? Script}", "-n", "-r", path, .. options, "-T", "fields"],
            .. (string[])["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|", .. shown],
        ]);
        return
        [
            .. output
                .Split('\n')
                .Select(line =>
                    fields
                        .Zip(line.Split('\t'))
                        .ToDictionary(
                            static pair => pair.First,
                            static pair => pair.Second.Length == 0 ? [] : pair.Second.Split('|')
                        )
                ),
        ];
    }

    /// <summary>A report of tshark about all fields: the lines about those of the dissector, split at tabs.</summary>
    public List<string[]> Report(string name)
    {
        // There are some hundred thousand others.
        string[] filtered = ["sh", "-c", "exec \"$0\" \"$@\" | grep --text \"\tfastforward\\.\"", _program];
        return
        [
            .. Run([.. filtered, "-G", name, "-X", $"lua_script:{Script}"])
                .Split('\n')
                .Select(static line => line.Split('\t')),
        ];
    }

    /// <summary>A copy of the dissector with a change.</summary>
    public string Changed(string from, string to)
    {
        string text = File.ReadAllText(Script);
        Assert.That(text, Does.Contain(from));
        string path = _directory["changed.lua"];
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
        return path;
    }

    public void Dispose() => _directory.Dispose();

    private string Run(string[] command)
    {
        // Without the plug-ins and preferences of the user.
        string home = $"HOME={_directory.Path}";
        using RunningProgram tshark = RunningProgram.Start("env", ["--unset=XDG_CONFIG_HOME", home, .. command]);
        Assert.That(tshark.WaitForExit(), Is.Zero, tshark.Everything);
        return tshark.Output;
    }
}
