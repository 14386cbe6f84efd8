using FastForward.Tests.Host.Processes;
using FastForward.Transport;

namespace FastForward.Tests.Host;

/// <summary><c>keygen</c>, and hosts that read what it made.</summary>
[Category("Process")]
[Parallelizable]
public sealed class KeygenProcessTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private TemporaryDirectory _directory = null!;
    private string _file = "";

    [SetUp]
    public void SetUp()
    {
        _directory = new TemporaryDirectory();
        _file = _directory["keys"];
    }

    [TearDown]
    public void TearDown() => _directory.Dispose();

    [Test]
    public void It_prints_a_file_with_a_key_that_no_other_call_prints()
    {
        string[] printed = [Run(0, "keygen 17 25011 25012"), Run(0, "keygen 17 25011 25012")];
        Assert.That(printed, Has.All.Match("^FastForward keys 1\n17 25011 25012 [A-Za-z0-9+/]{48}\n?$"));
        Assert.That(printed, Is.Unique);
    }

    [Test]
    public void It_writes_a_file_for_its_owner_alone_and_replaces_none_by_itself()
    {
        Run(0, $"keygen 17 25011 25012 --out {_file}", "has key 17 of the nodes 25011, 25012. Bring its line");
        Assert.That(File.GetUnixFileMode(_file), Is.EqualTo(OwnerOnly));
        string first = File.ReadAllText(_file);
        Run(
            1,
            $"keygen 18 25011 25012 --out {_file}",
            $"{_file} exists: --append adds the key to it, --force replaces"
        );
        Assert.That(File.ReadAllText(_file), Is.EqualTo(first));
        Run(0, $"keygen 18 25011 25012 --out {_file} --force");
        Assert.That(Ids(), Is.EqualTo(new[] { 18u }));
        Assert.That(File.GetUnixFileMode(_file), Is.EqualTo(OwnerOnly));
        Assert.That(Directory.GetFiles(_directory.Path), Has.Length.EqualTo(1), "nothing else is left");
    }

    [Test]
    public void It_adds_a_key_to_a_file_that_is_in_order()
    {
        Run(0, $"keygen 17 25011 25012 --out {_file}");
        File.WriteAllText(_file, File.ReadAllText(_file) + "# until winter"); // and no end of the line
        Run(0, $"keygen 18 25011 25012 --out {_file} --append");
        Assert.That(Ids(), Is.EqualTo(new[] { 17u, 18u }));
        string both = File.ReadAllText(_file);
        Assert.That(both, Does.Contain("\n# until winter\n18 "));
        Run(
            1,
            $"keygen 18 25011 25013 --out {_file} --append",
            $"{_file} has a key 18 already: give the new one another"
        );
        File.SetUnixFileMode(_file, OwnerOnly | UnixFileMode.GroupRead);
        Run(78, $"keygen 19 25011 25012 --out {_file} --append", $"(mode 0640), so its keys may be known: chmod 600");
        Assert.That(File.ReadAllText(_file), Is.EqualTo(both));
        Run(78, $"keygen 19 25011 25012 --out {_directory["none"]} --append", "there is no such file.");
    }

    [TestCase("keygen 0 1 2", "key: '0' is no whole number from 1 to 4294967295")]
    [TestCase("keygen 1 0 2", "node: '0' is no whole number from 1 to 4294967295")]
    [TestCase("keygen 1 1 4294967296", "other-node: '4294967296' is no whole number from 1 to 4294967295")]
    [TestCase("keygen 1 2 2", "2 is named twice: a key is shared by two nodes.")]
    [TestCase("keygen 1 2", "Required argument missing for command: 'keygen'.")]
    [TestCase("keygen 1 2 3 --out ", "--out names no file")]
    [TestCase("keygen 1 2 3 --force", "--append and --force need --out")]
    [TestCase("keygen 1 2 3 --append", "--append and --force need --out")]
    [TestCase("keygen 1 2 3 --out x --append --force", "--append and --force exclude each other")]
    public void A_wrong_command_line_makes_no_key(string arguments, string message) =>
        Assert.That(Run(2, arguments, message), Is.Empty);

    [TestCase("/nowhere/keys", "/nowhere/keys cannot be written: ")]
    [TestCase("/dev/full/keys", "/dev/full/keys cannot be written: ")]
    public void A_file_that_cannot_be_written_is_named(string file, string message)
    {
        foreach (string option in new[] { "", " --force" })
            Run(1, $"keygen 1 2 3 --out {file}{option}", message);
    }

    [Test]
    public void A_host_with_a_wrong_file_of_keys_does_not_start_and_does_not_repeat_it()
    {
        File.WriteAllText(_file, "FastForward keys 1\n7 25011 25012 hunter2\n");
        File.SetUnixFileMode(_file, OwnerOnly);
        File.WriteAllText(_directory["25011.conf"], $"network=25011\nkey-file={_file}\n");
        using RunningProgram host = RunningProgram.StartHost("run", "--instance", _directory["25011.conf"]);
        Assert.That(host.WaitForExit(), Is.EqualTo(78));
        Assert.That(
            host.Everything,
            Does.Contain($"25011.conf: key-file: {_file}:2: Key 7 has no secret of 48 characters of base64 at its end")
                .And.Contain("Make keys with FastForward.Host keygen.")
                .And.Contain("The node was not started: 1 problem.")
                .And.Not.Contain("hunter2")
        );
    }

    private static string Run(int code, string arguments, string message = "")
    {
        using RunningProgram host = RunningProgram.StartHost(arguments.Split(' '));
        Assert.That(host.WaitForExit(), Is.EqualTo(code), host.Everything);
        Assert.That(host.Everything, Does.Contain(message).And.Not.Contain("   at "));
        return host.Output;
    }

    private uint[] Ids()
    {
        bool isRead = ForwardKeyFile.TryRead(
            _file,
            out IReadOnlyList<ForwardKey>? keys,
            out IReadOnlyList<string> problems
        );
        Assert.That(isRead, () => string.Join('\n', problems));
        uint[] ids = [.. keys!.Select(static key => key.Id)];
        foreach (ForwardKey key in keys!)
            key.Dispose();
        return ids;
    }
}
