using System.Net.Sockets;
using System.Text;
using FastForward.Host.Control;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>Single requests to the control socket of a real host, right and wrong ones, all to the same host.</summary>
[Category("Process")]
[Parallelizable]
public sealed class ControlRequestTests
{
    private TwoInstances _instances = null!;

    private string Path => _instances.ControlSocket(TwoInstances.Near);

    [OneTimeSetUp]
    public void Start()
    {
        _instances = new TwoInstances("SOCKET");
        _instances.Start(TwoInstances.Near, "").WaitForLine($"Node {TwoInstances.Near} runs");
    }

    [OneTimeTearDown]
    public void Stop() => _instances.Dispose();

    [TestCase("", "badRequest", "no JSON object")]
    [TestCase("stat", "badRequest", "no JSON object")]
    [TestCase("[]", "badRequest", "no JSON object")]
    [TestCase("null", "badRequest", "command: '' is none of stat, health, ping")]
    [TestCase("{}", "badRequest", "command: '' is none of stat, health, ping")]
    [TestCase("""{"version":2,"command":"stat"}""", "badRequest", "version: 2 is not supported; this host has 1")]
    [TestCase("""{"command":"stop"}""", "badRequest", "command: 'stop' is none of stat, health, ping")]
    [TestCase("""{"command":"ping"}""", "badRequest", "node: 0 or absent")]
    [TestCase("""{"command":"ping","node":-1}""", "badRequest", "$.node")]
    [TestCase("""{"command":"ping","node":250012,"count":-1}""", "badRequest", "count: -1 is below 0")]
    [TestCase(
        """{"command":"ping","node":250012,"intervalMillis":9}""",
        "badRequest",
        "intervalMillis: 9 is outside 10..60000"
    )]
    [TestCase(
        """{"command":"ping","node":250012,"timeoutMillis":60001}""",
        "badRequest",
        "timeoutMillis: 60001 is outside 10..60000"
    )]
    [TestCase("""{"command":"ping","node":250012,"size":1101}""", "badRequest", "size: 1101 is outside 0..1100")]
    [TestCase("""{"command":"ping","node":4711}""", "unknownNode", "no such node")]
    public void A_request_that_will_not_do_is_answered_with_the_reason(string request, string code, string message)
    {
        using Socket client = ControlProbe.Connect(Path);
        client.Send(Encoding.UTF8.GetBytes(request + "\n"));
        ControlError error = ControlProbe.ReadLine(client).Error!;
        Assert.That(error.Code, Is.EqualTo(code));
        Assert.That(error.Message, Does.Contain(message));
        Assert.That(client.Receive(new byte[1]), Is.Zero, "and the connection ends");
    }

    [Test]
    public void What_is_not_known_in_a_request_is_skipped()
    {
        using Socket client = ControlProbe.Connect(Path);
        client.Send(Encoding.UTF8.GetBytes("""{"version":1,"command":"stat","verbose":{"a":[1]}}""" + "\r\n"));
        Assert.That(ControlProbe.ReadLine(client).Stat!.Node, Is.EqualTo(TwoInstances.Near));
    }

    [Test]
    public void The_end_of_what_a_client_sends_is_the_end_of_its_line_too()
    {
        using Socket client = ControlProbe.Connect(Path);
        client.Send("""{"command":"stat"}"""u8);
        client.Shutdown(SocketShutdown.Send);
        Assert.That(ControlProbe.ReadLine(client).Stat!.Node, Is.EqualTo(TwoInstances.Near));
    }
}
