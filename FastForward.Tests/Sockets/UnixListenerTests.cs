using System.Net.Sockets;
using System.Runtime.Versioning;
using FastForward.Transport.Interop;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Sockets;

[SupportedOSPlatform("linux")]
public sealed class UnixListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string SocketPath => _directory["service.sock"];

    public void Dispose() => _directory.Dispose();

    [Test]
    public async Task A_client_comes_with_its_user_and_both_files_go_at_the_end()
    {
        using (UnixListener listener = new(new UnixListenerOptions { Path = SocketPath }))
        {
            Assert.That(listener.AllowedUserIds, Is.EquivalentTo(new[] { LibC.EffectiveUserId(), 0u }.Distinct()));
            Assert.That(
                File.GetUnixFileMode(SocketPath),
                Is.EqualTo(
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
                )
            );
            using Socket client = Connect();
            UnixClient accepted = await listener.AcceptAsync();
            using Socket served = accepted.Socket;
            Assert.That(accepted.UserId, Is.EqualTo(LibC.EffectiveUserId()));
            Assert.That(accepted.IsAllowed);
            served.Send("hello"u8);
            byte[] buffer = new byte[10];
            Assert.That(client.Receive(buffer), Is.EqualTo(5));
        }

        Assert.That(_directory.Files, Is.Empty);
    }

    [Test]
    public async Task Removed_files_are_created_again_while_a_caller_waits_for_a_client()
    {
        CollectingLogger<UnixListener> log = new();
        using UnixListener listener = new(new UnixListenerOptions { Path = SocketPath, Logger = log });
        Task<UnixClient> accepting = listener.AcceptAsync().AsTask();
        File.Delete(SocketPath);
        File.Delete(SocketPath + ".lock");
        Assert.That(
            () => new UnixListener(new UnixListenerOptions { Path = SocketPath }),
            Throws.InstanceOf<IOException>().With.Message.Contains($"process {Environment.ProcessId}")
        );
        Eventually.True(
            () => File.Exists(SocketPath) && File.Exists(SocketPath + ".lock"),
            () => "the files in place again"
        );
        using Socket client = Connect();
        UnixClient accepted = await accepting;
        accepted.Socket.Dispose();
        Eventually.True(() => log.TextsOf(1301).Any(), () => "the warning");
    }

    [Test]
    public async Task Another_user_is_marked()
    {
        UnixListenerOptions options = new()
        {
            Path = SocketPath,
            Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            Group = "0",
            Backlog = 1,
            AllowedUserIds = [LibC.EffectiveUserId() + 1],
        };
        if (LibC.EffectiveUserId() != 0)
            options.Group = null; // only root gives files away
        using UnixListener listener = new(options);
        Assert.That(File.GetUnixFileMode(SocketPath), Is.EqualTo(options.Mode));
        using Socket client = Connect();
        UnixClient accepted = await listener.AcceptAsync();
        accepted.Socket.Dispose();
        Assert.That(accepted.IsAllowed, Is.False);
    }

    [Test]
    public void A_second_listener_is_refused_with_the_process_that_has_the_path()
    {
        using UnixListener first = new(new UnixListenerOptions { Path = SocketPath });
        IOException refused = Assert.Throws<IOException>(() =>
            new UnixListener(new UnixListenerOptions { Path = SocketPath })
        )!;
        Assert.That(refused.Message, Does.Contain($"in use by process {Environment.ProcessId}"));
    }

    [Test]
    public void A_socket_left_behind_is_replaced()
    {
        using (Socket stale = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            stale.Bind(new UnixDomainSocketEndPoint(_directory["bound"]));
            File.Move(_directory["bound"], SocketPath); // under its old name Dispose would remove it
        }

        using UnixListener listener = new(new UnixListenerOptions { Path = SocketPath });
        using Socket client = Connect();
        Assert.That(client.Connected);
    }

    [Test]
    public void A_path_that_is_too_long_is_told_with_its_length()
    {
        string path = _directory[new string('x', 108)];
        Assert.That(UnixListener.Fits(path), Is.False);
        Assert.That(UnixListener.Fits(SocketPath));
        Assert.That(
            () => new UnixListener(new UnixListenerOptions { Path = path }),
            Throws.InstanceOf<IOException>().With.Message.Contains("at most 107")
        );
    }

    private Socket Connect()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }
}
