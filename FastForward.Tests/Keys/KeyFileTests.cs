using System.Diagnostics;
using FastForward.Transport;
using FastForward.Transport.Keys;

namespace FastForward.Tests.Keys;

public sealed class KeyFileTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly ForwardKey _key = ForwardKey.Generate(17, 25_011, 25_012);
    private readonly ForwardKey _next = ForwardKey.Generate(uint.MaxValue, 25_011, uint.MaxValue);
    private TemporaryDirectory _directory = null!;
    private string _file = "";
    private string[] _lines = [];

    [SetUp]
    public void SetUp()
    {
        _directory = new TemporaryDirectory();
        _file = _directory["keys"];
        _lines = KeyFiles.Lines(_key, _next);
    }

    [TearDown]
    public void TearDown() => _directory.Dispose();

    [OneTimeTearDown]
    public void Free()
    {
        _key.Dispose();
        _next.Dispose();
    }

    [Test]
    public void What_is_written_is_read()
    {
        KeyFiles.Write(_file, _key, _next);
        Check(Read());
        Assert.That(_lines[0], Is.EqualTo("FastForward keys 1"));
        Assert.That(_lines[1], Does.Match("^17 25011 25012 [A-Za-z0-9+/]{48}$"));
        Assert.That(_lines, Has.Length.EqualTo(4), "a line for each key, and the end of the last");
    }

    [Test]
    public void A_known_line_stays_the_same()
    {
        byte[] secret = [.. Enumerable.Range(1, 32).Select(static value => (byte)value)];
        using ForwardKey key = new(17, secret, 25_011, 25_012);
        Assert.That(
            KeyFiles.Lines(key)[1],
            Is.EqualTo("17 25011 25012 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyBmv/n6")
        );
    }

    [Test]
    public void Comments_empty_lines_tabs_and_line_ends_of_other_systems_are_taken()
    {
        string line = _lines[2].Replace(" ", " \t", StringComparison.Ordinal);
        Write($"{_lines[0]}\r\n\r\n# both keys\r\n \t {_lines[1]} \r\n#\r\n{line}");
        Check(Read());
    }

    [Test]
    public void A_character_that_differs_is_noticed_wherever_it_is()
    {
        string line = _lines[1];
        for (int i = 0; i < line.Length; i++)
        {
            char other = line[i] is '1' or ' ' ? '2' : '1';
            Write($"{_lines[0]}\n{line[..i]}{other}{line[(i + 1)..]}\n");
            Assert.That(ReadProblems(), Has.Count.EqualTo(1), $"character {i}");
        }

        Write($"{_lines[0]}\n{line[..^1]}\n");
        Assert.That(ReadProblems(), Has.Count.EqualTo(1), "a character is missing");
    }

    [TestCase("", "1: Is no file of keys, whose first line is \"FastForward keys 1\". Pass phrases ")]
    [TestCase("correct horse battery staple", "1: Is no file of keys, ")]
    [TestCase("\uFEFFFastForward keys 1\n", "1: Begins with a byte order mark. Save the file without one; ")]
    [TestCase("FastForward keys 2\n", "1: Is of a version that this program does not know; ")]
    [TestCase("FastForward keys 10\n", "1: Is of a version that this program does not know; ")]
    [TestCase("FastForward keys 1\n", " there is no key in it. Make keys with FastForward.Host keygen.")]
    [TestCase("FastForward keys 1\n# none\n\n", " there is no key in it. ")]
    [TestCase("FastForward keys 1\n\n7\n", "3: A line is the id of a key, its nodes, and the secret. ")]
    [TestCase("FastForward keys 1\n7 1 2\n", "2: Key 7: a key is shared by two nodes, and both are named. ")]
    [TestCase("FastForward keys 1\n7 1 2 hunter2\n", "2: Key 7 has no secret of 48 characters of base64 at its end: ")]
    [TestCase("FastForward keys 1\n0 1 2 hunter2\n", "2: 0 is not the id of a key: it stands for no key. ")]
    [TestCase("FastForward keys 1\n7 0 2 hunter2\n", "2: Key 7: 0 is not a node id. ")]
    [TestCase("FastForward keys 1\n7 2 2 hunter2\n", "2: Key 7: node 2 is named twice. ")]
    [TestCase("FastForward keys 1\nhunter2 1 2 7\n", "2: Its part 1 is no number from 0 to 4294967295; ")]
    [TestCase("FastForward keys 1\n7 -1 2 hunter2\n", "2: Its part 2 is no number from 0 to 4294967295; ")]
    [TestCase("FastForward keys 1\n7 4294967296 2 hunter2\n", "2: Its part 2 is no number ")]
    [TestCase(
        "FastForward keys 1\n7 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 hunter2\n",
        "2: At most 16 nodes may share a key."
    )]
    public void What_keygen_did_not_make_is_refused_with_the_remedy_and_never_repeated(string text, string problem)
    {
        Write(text);
        string reported = ReadProblems().Single();
        Assert.That(reported, Does.StartWith($"{_file}:{problem}"));
        Assert.That(reported, Does.Contain("keygen").Or.Contain("Save").Or.Contain("At most"));
        Assert.That(reported, Does.Not.Contain("hunter2").And.Not.Contain("horse"));
    }

    [Test]
    public void A_secret_of_zeros_is_refused_although_its_checksum_is_right()
    {
        // The checksum is the beginning of the keyed hash that the format describes.
        byte[] secret = new byte[36];
        byte[] hash = new byte[16];
        byte[] data = [.. "FastForward key"u8, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0];
        Transport.Cryptography.KeyedHash.Compute(secret.AsSpan(0, 32), data, hash);
        hash.AsSpan(0, 4).CopyTo(secret.AsSpan(32));
        Write($"{_lines[0]}\n7 1 2 {Convert.ToBase64String(secret)}\n");
        Assert.That(ReadProblems().Single(), Does.Contain("The checksum of key 7 is wrong"));
    }

    [Test]
    public void The_same_id_twice_is_refused_with_both_lines()
    {
        Write($"{_lines[0]}\n{_lines[1]}\n\n{_lines[1]}\n");
        Assert.That(
            ReadProblems(),
            Is.EqualTo(new[] { $"{_file}:4: Key 17 is in line 2 already. Give the new one another id." })
        );
    }

    [Test]
    public void All_problems_are_reported_up_to_a_limit()
    {
        Write($"{_lines[0]}\n{string.Concat(Enumerable.Repeat("x\n", 100))}");
        Assert.That(ReadProblems(), Has.Count.EqualTo(20));
    }

    [Test]
    public void More_keys_than_allowed_are_refused()
    {
        ForwardKey[] keys =
        [
            .. Enumerable.Range(1, KeyFileText.MaxKeys + 1).Select(static id => ForwardKey.Generate((uint)id, 1, 2)),
        ];
        KeyFiles.Write(_file, keys);
        Assert.That(ReadProblems(), Is.EqualTo(new[] { $"{_file}:4098: There may be 4096 keys in a file." }));
        foreach (ForwardKey key in keys)
            key.Dispose();
    }

    [Test]
    public void A_file_that_others_may_read_or_write_is_refused(
        [Values(
            UnixFileMode.GroupRead,
            UnixFileMode.GroupWrite,
            UnixFileMode.OtherRead,
            UnixFileMode.OtherWrite,
            UnixFileMode.OtherExecute
        )]
            UnixFileMode more
    )
    {
        KeyFiles.Write(_file, _key);
        File.SetUnixFileMode(_file, OwnerOnly | more);
        string mode = Convert.ToString((int)(OwnerOnly | more), 8).PadLeft(4, '0');
        Assert.That(ReadProblems().Single(), Does.Contain($"(mode {mode})").And.Contain($"chmod 600 {_file}"));
        File.SetUnixFileMode(_file, UnixFileMode.UserRead);
        using ForwardKey read = Read().Single();
        Assert.That(read.Id, Is.EqualTo(17u));
    }

    [Test]
    public void A_file_of_another_user_is_refused()
    {
        if (!Environment.IsPrivilegedProcess)
            TestEnvironment.Missing("Only root can give a file to another user.");
        KeyFiles.Write(_file, _key);
        using (Process chown = Process.Start("chown", ["65534", _file]))
            chown.WaitForExit();
        Assert.That(ReadProblems().Single(), Does.Contain("belongs to user 65534").And.Contain($"chown 0 {_file}"));
    }

    [Test]
    public void What_is_no_regular_file_is_refused_without_waiting()
    {
        using (Process mkfifo = Process.Start("mkfifo", ["-m", "600", _directory["pipe"]]))
            mkfifo.WaitForExit();
        Assert.That(ReadProblems(_directory["pipe"]).Single(), Does.EndWith("pipe: is no regular file."));
        Assert.That(ReadProblems(_directory.Path).Single(), Does.EndWith(": is no regular file."));
        Assert.That(ReadProblems("/dev/null").Single(), Is.EqualTo("/dev/null: is no regular file."));
        Assert.That(ReadProblems("/dev/zero").Single(), Is.EqualTo("/dev/zero: is no regular file."));
    }

    [Test]
    public void A_missing_file_is_named([Values("nothing", "no/thing")] string name) =>
        Assert.That(
            ReadProblems(_directory[name]).Single(),
            Is.EqualTo($"{_directory[name]}: there is no such file. FastForward.Host keygen makes one.")
        );

    [Test]
    public void A_name_that_cannot_be_one_is_refused([Values("a\0b", "keys/x")] string name)
    {
        KeyFiles.Write(_file, _key);
        Assert.That(ReadProblems(_directory.Path + "/" + name), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_long_file_is_refused()
    {
        Write(new string('#', KeyFileAccess.MaxLength + 1));
        Assert.That(ReadProblems().Single(), Does.EndWith("is longer than 524288 bytes, so it is no file of keys."));
    }

    [Test]
    public void A_link_leads_to_the_file_whose_mode_counts()
    {
        KeyFiles.Write(_file, _key, _next);
        File.CreateSymbolicLink(_directory["link"], _file);
        Check(Read(_directory["link"]));
        File.SetUnixFileMode(_file, OwnerOnly | UnixFileMode.OtherRead);
        Assert.That(ReadProblems(_directory["link"]).Single(), Does.Contain("(mode 0604)"));
        File.CreateSymbolicLink(_directory["circle"], _directory["circle"]);
        Assert.That(ReadProblems(_directory["circle"]).Single(), Does.Contain("cannot be read"));
    }

    [Test]
    public void A_relative_name_is_first_one_of_a_credential_which_its_group_may_read()
    {
        Directory.CreateDirectory(_directory["credentials"]);
        string credential = _directory["credentials/keys"];
        KeyFiles.Write(credential, _key, _next);
        File.SetUnixFileMode(credential, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Check(Read("keys", _directory["credentials"]));
        Check(Read(credential, _directory["credentials"] + "/"));
        Assert.That(ReadProblems(credential, null).Single(), Does.Contain("(mode 0440)"), "no credential");
        Assert.That(ReadProblems(credential, _directory["cred"]).Single(), Does.Contain("(mode 0440)"), "beside");
        Assert.That(
            ReadProblems(_directory["credentials/../credentials/keys"], _directory["other"]).Single(),
            Does.Contain("(mode 0440)")
        );
        File.SetUnixFileMode(credential, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        Assert.That(ReadProblems("keys", _directory["credentials"]).Single(), Does.Contain("(mode 0460)"));
    }

    private void Write(string text)
    {
        File.WriteAllText(_file, text);
        File.SetUnixFileMode(_file, OwnerOnly);
    }

    private IReadOnlyList<ForwardKey> Read(string? file = null, string? credentials = null)
    {
        bool isRead = ForwardKeyFile.TryRead(
            file ?? _file,
            credentials,
            out IReadOnlyList<ForwardKey>? keys,
            out IReadOnlyList<string> problems
        );
        Assert.That(problems, Is.Empty);
        Assert.That(isRead);
        return keys!;
    }

    private IReadOnlyList<string> ReadProblems(string? file = null, string? credentials = null)
    {
        bool isRead = ForwardKeyFile.TryRead(
            file ?? _file,
            credentials,
            out IReadOnlyList<ForwardKey>? keys,
            out IReadOnlyList<string> problems
        );
        Assert.That(isRead, Is.False);
        Assert.That(keys, Is.Null);
        return problems;
    }

    private void Check(IReadOnlyList<ForwardKey> keys)
    {
        Assert.That(keys.Select(static key => key.Id), Is.EqualTo(new[] { 17u, uint.MaxValue }));
        Assert.That(keys[0].Nodes, Is.EqualTo(_key.Nodes));
        Assert.That(keys[1].Nodes, Is.EqualTo(_next.Nodes));
        Assert.That(keys[0].Secret.SequenceEqual(_key.Secret));
        Assert.That(keys[1].Secret.SequenceEqual(_next.Secret));
        foreach (ForwardKey key in keys)
            key.Dispose();
    }
}
