using System.Net.Sockets;
using FastForward.Host;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;

namespace FastForward.Tests.Host;

/// <summary>What the commands' side of the control socket does where no host answers as it should.</summary>
[TestFixture]
public sealed class ControlClientTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromMilliseconds(20);

    [Test]
    public void A_host_that_accepts_nobody_is_told_and_not_waited_for()
    {
        using TemporaryDirectory directory = new();
        UnixDomainSocketEndPoint place = new(directory["stopped.control"]);
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(place);
        listener.Listen(1);
        List<Socket> waiting = [];
        try
        {
            // As many as the kernel lets wait to be accepted.
            while (waiting.Count < 10)
            {
                Socket next = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
                waiting.Add(next);
                next.Connect(place);
            }

            Assert.Fail("the listener has room without end");
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
            Task<ControlFailure?> asked = Task.Run(() =>
                Assert.Throws<ControlFailure>(() =>
                    ControlClient.Ask(place.ToString(), new ControlRequest { Command = "stat" }, s_timeout)
                )
            );
            Eventually.Ends(asked, "the question");
            Assert.That(asked.Result!.Message, Does.Contain("accepts no connection: its process is stopped"));
            Assert.That(asked.Result.ExitCode, Is.EqualTo(ExitCode.Unavailable));
        }
        finally
        {
            foreach (Socket socket in waiting)
                socket.Dispose();
        }
    }
}
