using System.Net.Sockets;
using System.Runtime.Versioning;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Transports;

/// <summary>The socket file: owner, mode, replacement and removal.</summary>
[SupportedOSPlatform("linux")]
public sealed class SocketFileTests
{
    private TemporaryDirectory _directory = null!;
    private LoopDriver _driver = null!;

    private string SocketPath => _directory["FastForward.7.sock"];

    private string LockPath => SocketPath + ".lock";

    [SetUp]
    public void Prepare()
    {
        _directory = new TemporaryDirectory();
        _driver = new LoopDriver();
    }

    [TearDown]
    public void CleanUp()
    {
        _driver.Dispose();
        _directory.Dispose();
    }

    [TestCase(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    [TestCase((UnixFileMode)0x1B6)] // 0666, which the usual umask would reduce
    public void The_file_has_the_configured_mode(UnixFileMode mode)
    {
        using (
            SocketTransport transport = Start(
                new SocketTransportOptions
                {
                    Port = 7,
                    Directory = _directory.Path,
                    Mode = mode,
                }
            )
        )
        {
            Assert.That(File.GetUnixFileMode(SocketPath), Is.EqualTo(mode));
            Assert.That(File.GetUnixFileMode(LockPath), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        Assert.That(_directory.Files, Is.Empty, "both are removed");
    }

    [Test]
    public unsafe void The_group_may_be_a_number_or_a_name()
    {
        LibC.FileStatus own;
        Assert.That(LibC.Status(LibC.AT_FDCWD, _directory.Path, 0, LibC.STATX_BASIC_STATS, &own), Is.Zero);
        bool root = LibC.EffectiveUserId() == 0;
        uint wanted = root ? 12345 : own.GroupId; // other users may only choose a group that they are in
        using (
            SocketTransport transport = Start(
                new SocketTransportOptions
                {
                    Port = 7,
                    Directory = _directory.Path,
                    Group = wanted.ToString(System.Globalization.CultureInfo.InvariantCulture),
                }
            )
        )
        {
            LibC.FileStatus status;
            Assert.That(LibC.Status(LibC.AT_FDCWD, SocketPath, 0, LibC.STATX_BASIC_STATS, &status), Is.Zero);
            Assert.That(status.GroupId, Is.EqualTo(wanted));
        }

        Assert.That(SystemGroups.Find("root"), Is.Zero);
        string message = Refusal(
            new SocketTransportOptions
            {
                Port = 7,
                Directory = _directory.Path,
                Group = "no-such-group",
            }
        );
        Assert.That(message, Does.Contain("no-such-group").And.Contain("getent"));
        Assert.That(_directory.Files, Is.Empty, "a failed start leaves nothing");
    }

    [Test]
    public void The_socket_of_a_running_owner_is_not_replaced()
    {
        using SocketTransport owner = Start(Options());
        string message = Refusal(Options());
        Assert.That(
            message,
            Does.Contain(SocketPath).And.Contain($"process {Environment.ProcessId}").And.Contain("choose another port")
        );
        Assert.That(_directory.Files, Has.Count.EqualTo(2), "nothing of the owner's was touched");
        RecordingSink sink = new();
        using SocketTransport client = Start(
            new SocketTransportOptions { Port = 8, Directory = _directory.Path },
            sink
        );
        client.Connect(owner.LocalEndPoints[0]);
        _driver.Until(() => sink.OpenedLinks.Count == 1, "the owner to answer still");
    }

    [Test]
    public void The_socket_of_a_killed_process_is_replaced()
    {
        using (TestProcess process = TestProcess.Start("peer", "socket", _directory.Path, "7", "False"))
        {
            Assert.That(process.ReadLine(), Is.EqualTo(SocketPath));
            Assert.That(Refusal(Options()), Does.Contain($"process {process.Id}"));
            process.Kill();
        }

        Assert.That(_directory.Files, Has.Count.EqualTo(2), "it could not tidy up");
        using (SocketTransport successor = Start(Options()))
            Assert.That(successor.LocalEndPoints, Has.Count.EqualTo(1));
        Assert.That(_directory.Files, Is.Empty);
    }

    [Test]
    public void Removed_files_are_created_again_and_links_live_on()
    {
        RecordingSink ownerSink = new();
        using SocketTransport owner = Start(Options(), ownerSink);
        RecordingSink sink = new();
        using SocketTransport client = Start(
            new SocketTransportOptions { Port = 8, Directory = _directory.Path },
            sink
        );
        client.Connect(owner.LocalEndPoints[0]);
        _driver.Until(() => sink.OpenedLinks.Count == 1, "the first link");

        File.Delete(LockPath);
        File.Delete(SocketPath);
        _driver.Until(() => File.Exists(SocketPath) && File.Exists(LockPath), "the files to be in place again");

        client.Connect(owner.LocalEndPoints[0]);
        _driver.Until(() => sink.OpenedLinks.Count == 2 && ownerSink.OpenedLinks.Count == 2, "another link");
        Assert.That(Refusal(Options()), Does.Contain($"process {Environment.ProcessId}"));
        Assert.That(sink.ClosedLinks.Concat(ownerSink.ClosedLinks), Is.Empty);
        owner.Dispose();
        client.Dispose();
        Assert.That(_directory.Files, Is.Empty);
    }

    [Test]
    public void The_lock_is_in_force_while_its_file_is_gone()
    {
        using SocketTransport owner = Start(Options());
        File.Delete(LockPath);
        File.Delete(SocketPath);
        Assert.That(Refusal(Options()), Does.Contain($"in use by process {Environment.ProcessId}"));
        Assert.That(_directory.Files, Is.Empty, "the refused start leaves nothing");
    }

    [Test]
    public void The_lock_stays_in_force_however_many_ask_for_it()
    {
        using SocketFile owner = SocketFile.Create(Place(SocketPath), out Descriptor listener);
        using Descriptor own = listener;
        for (int round = 0; round < 4; round++)
        {
            File.Delete(LockPath);
            for (int i = 0; i < 5; i++)
            {
                Assert.That(Refusal(Options()), Does.Contain($"in use by process {Environment.ProcessId}"));
                Ask();
            }

            Assert.That(owner.Restore(out _), Is.EqualTo(RestoredFiles.Lock));
        }
    }

    [Test]
    public void A_lock_that_takes_no_more_connections_has_a_holder()
    {
        using SocketFile owner = SocketFile.Create(Place(SocketPath), out Descriptor listener);
        using Descriptor own = listener;
        while (Ask() == 0)
            continue;
        Assert.That(Ask(), Is.EqualTo(Errno.EAGAIN));
        File.Delete(LockPath);
        Assert.That(Refusal(Options()), Does.Contain("in use by another process"));
        owner.Restore(out _);
        File.Delete(LockPath);
        Assert.That(Refusal(Options()), Does.Contain($"in use by process {Environment.ProcessId}"), "there is room");
    }

    [Test]
    public void A_check_that_fails_leaves_no_socket_file_without_its_socket()
    {
        string directory = _directory["sub"];
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "FastForward.7.sock");
        using SocketFile file = SocketFile.Create(Place(path), out Descriptor first);
        using Descriptor former = first;
        Directory.Move(directory, _directory["away"]);
        Directory.CreateDirectory(directory);
        using (AbstractLock? other = AbstractLock.TryTake(path, out _))
        {
            Assert.That(other, Is.Not.Null);
            Assert.That(() => file.Restore(out _), Throws.InstanceOf<IOException>());
            Assert.That(File.Exists(path), Is.False);
        }

        Assert.That(file.Restore(out Descriptor? second), Is.EqualTo(RestoredFiles.Socket));
        using Descriptor? restored = second;
        using RawSeqPacket client = new();
        Assert.That(client.Connect(path), Is.Zero);
        Assert.That(AbstractLock.TryTake(path, out int? holder), Is.Null);
        Assert.That(holder, Is.EqualTo(Environment.ProcessId));
    }

    [Test]
    public void A_directory_that_was_replaced_gets_its_files_and_its_lock()
    {
        string directory = _directory["sub"];
        Directory.CreateDirectory(directory);
        SocketTransportOptions options = new() { Port = 7, Directory = directory };
        using SocketTransport owner = Start(options);
        Directory.Move(directory, _directory["away"]);
        Directory.CreateDirectory(directory);
        string socket = Path.Combine(directory, "FastForward.7.sock");
        _driver.Until(() => File.Exists(socket), "the socket file in the new directory");
        File.Delete(socket);
        File.Delete(socket + ".lock");
        Assert.That(Refusal(options), Does.Contain($"in use by process {Environment.ProcessId}"));
    }

    [Test]
    public void A_stranger_who_took_the_name_of_the_lock_does_not_prevent_a_start()
    {
        if (LibC.EffectiveUserId() != 0)
            TestEnvironment.Missing("only root can act as another user");
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0x1FF);
        using (TestProcess process = TestProcess.Start("abstract", SocketPath, "4711"))
        {
            Assert.That(process.ReadLine(), Is.EqualTo("taken"));
            using SocketTransport owner = Start(Options());
            Assert.That(Refusal(Options()), Does.Contain($"process {Environment.ProcessId}"), "by the lock file");
        }
    }

    [Test]
    public void The_files_look_used_to_a_program_that_removes_by_age()
    {
        SocketPlace place = new(SocketPath, LibC.SOCK_STREAM, (UnixFileMode)0x1A4, null, 1, "", "");
        using SocketFile file = SocketFile.Create(place, out Descriptor listener);
        using (listener)
        {
            DateTime old = DateTime.UtcNow.AddDays(-30);
            File.SetLastWriteTimeUtc(LockPath, old);
            File.SetLastAccessTimeUtc(LockPath, old);
            file.Touch();
            Assert.That(File.GetLastWriteTimeUtc(LockPath), Is.GreaterThan(old.AddDays(29)));
            Assert.That(File.GetLastAccessTimeUtc(LockPath), Is.GreaterThan(old.AddDays(29)));
        }
    }

    [Test]
    public void A_file_that_is_no_socket_is_not_replaced()
    {
        File.WriteAllText(SocketPath, "precious");
        Assert.That(Refusal(Options()), Does.Contain("not a socket").And.Contain("remove it"));
        Assert.That(File.ReadAllText(SocketPath), Is.EqualTo("precious"));
        Assert.That(_directory.Files, Has.Count.EqualTo(1));

        File.Delete(SocketPath);
        File.CreateSymbolicLink(SocketPath, _directory["elsewhere"]);
        Assert.That(Refusal(Options()), Does.Contain("not a socket"));
        Assert.That(File.Exists(_directory["elsewhere"]), Is.False);
    }

    [Test]
    public void A_listening_socket_without_a_lock_is_not_replaced()
    {
        using RawSeqPacket squatter = new();
        squatter.Listen(SocketPath, 1);
        Assert.That(Refusal(Options()), Does.Contain("in use").And.Contain("not FastForward"));
        using RawSeqPacket client = new();
        Assert.That(client.Connect(SocketPath), Is.Zero, "it still listens");
        Assert.That(Refusal(Options()), Does.Contain("in use"), "also with a backlog that may be full");
    }

    [Test]
    public void Files_of_another_user_are_not_replaced()
    {
        if (LibC.EffectiveUserId() != 0)
            TestEnvironment.Missing("only root can make files of another user");
        File.WriteAllText(LockPath, "123");
        Assert.That(LibC.ChangeOwner(LockPath, 4711, uint.MaxValue), Is.Zero);
        Assert.That(Refusal(Options()), Does.Contain("belongs to user id 4711"));
        Assert.That(File.ReadAllText(LockPath), Is.EqualTo("123"));
        File.Delete(LockPath);

        using (RawSeqPacket dead = new())
            dead.Listen(SocketPath, 1);
        Assert.That(LibC.ChangeOwner(SocketPath, 4711, uint.MaxValue), Is.Zero);
        Assert.That(Refusal(Options()), Does.Contain("socket of user id 4711"));
        Assert.That(_directory.Files, Is.EqualTo(new[] { "FastForward.7.sock" }));
    }

    [Test]
    public void The_lock_file_may_not_be_a_symbolic_link()
    {
        File.WriteAllText(_directory["victim"], "precious");
        File.CreateSymbolicLink(LockPath, _directory["victim"]);
        Assert.That(Refusal(Options()), Does.Contain("symbolic link"));
        Assert.That(File.ReadAllText(_directory["victim"]), Is.EqualTo("precious"));

        File.Delete(LockPath);
        Directory.CreateDirectory(LockPath);
        Assert.That(Refusal(Options()), Does.Contain(LockPath));
    }

    [Test]
    public void Only_the_own_file_is_removed_at_the_end()
    {
        SocketTransport transport = Start(Options());
        File.Delete(SocketPath);
        File.WriteAllText(SocketPath, "somebody else's");
        _driver.Detach(transport);
        transport.Dispose();
        Assert.That(_directory.Files, Is.EqualTo(new[] { "FastForward.7.sock" }));
    }

    [Test]
    public void An_unusable_directory_is_named()
    {
        Assert.That(
            Refusal(new SocketTransportOptions { Port = 7, Directory = _directory["missing"] }),
            Does.Contain("does not exist")
        );
        Assert.That(
            Refusal(new SocketTransportOptions { Port = 7, Directory = "/proc" }),
            Does.Contain("/proc/FastForward.7.sock.lock")
        );
        string deep = _directory[new string('x', 100)];
        Directory.CreateDirectory(deep);
        Assert.That(
            Refusal(new SocketTransportOptions { Port = 7, Directory = deep }),
            Does.Contain("107").And.Contain("shorter directory")
        );
    }

    [Test]
    public void The_longest_path_works()
    {
        string name = "FastForward.7.sock";
        string directory = _directory[new string('x', 107 - name.Length - _directory.Path.Length - 2)];
        Directory.CreateDirectory(directory);
        using SocketTransport transport = Start(new SocketTransportOptions { Port = 7, Directory = directory });
        Assert.That(transport.LocalEndPoints[0].ToString(), Has.Length.EqualTo(107));
        RecordingSink sink = new();
        using SocketTransport client = Start(
            new SocketTransportOptions { Port = 8, Directory = _directory.Path },
            sink
        );
        client.Connect(transport.LocalEndPoints[0]);
        _driver.Until(() => sink.OpenedLinks.Count == 1, "Opened");
    }

    [Test]
    public void Options_are_checked_with_a_reason()
    {
        Assert.That(
            () => new SocketTransport(new SocketTransportOptions()),
            Throws.InstanceOf<TransportException>().With.Message.Contains("Port")
        );
        Assert.That(
            () => new SocketTransport(new SocketTransportOptions { Port = 1, Directory = "tmp" }),
            Throws.InstanceOf<TransportException>().With.Message.Contains("Directory")
        );
        Assert.That(
            () => new SocketTransport(new SocketTransportOptions { Port = 1, MaxFrameSize = 100 }),
            Throws.InstanceOf<TransportException>().With.Message.Contains("MaxFrameSize")
        );
        Assert.That(
            () => new SocketTransport(new SocketTransportOptions { Port = 1, AllowedUserIds = [] }),
            Throws.InstanceOf<TransportException>().With.Message.Contains("AllowedUserIds")
        );
    }

    private static SocketPlace Place(string path) =>
        new(path, LibC.SOCK_SEQPACKET, (UnixFileMode)0x180, null, 1, "", "");

    // What any process can do: it leaves a connection in the queue. Returns the error, 0 for none.
    private int Ask()
    {
        FileIdentity directory = FileIdentity.OfDirectory(SocketPath)!.Value;
        string name = $"FastForward/{directory.Major:x}:{directory.Minor:x}:{directory.Inode:x}/FastForward.7.sock";
        using System.Net.Sockets.Socket stranger = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stranger.Blocking = false;
        try
        {
            stranger.Connect(new UnixDomainSocketEndPoint("\0" + name));
            return 0;
        }
        catch (SocketException exception)
        {
            return exception.NativeErrorCode;
        }
    }

    private SocketTransportOptions Options() => new() { Port = 7, Directory = _directory.Path };

    private SocketTransport Start(SocketTransportOptions options, RecordingSink? sink = null)
    {
        SocketTransport transport = new(options);
        transport.Start(_driver.Loop, sink ?? new RecordingSink());
        _driver.Attach(transport);
        return transport;
    }

    private string Refusal(SocketTransportOptions options)
    {
        using SocketTransport transport = new(options);
        return Assert.Throws<TransportException>(() => transport.Start(_driver.Loop, new RecordingSink())).Message;
    }
}
