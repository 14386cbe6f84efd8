using System.Globalization;
using FastForward.Tests.Host.Processes;
using FastForward.Tests.Keys;
using FastForward.Transport;

namespace FastForward.Tests.Compatibility;

/// <summary>
/// Two hosts are upgraded from candidate 1 of the wire format to this version one after the other, and one of them is
/// taken back; in each combination they talk to each other, with and without keys.
/// </summary>
[TestFixture("IP", true)]
[TestFixture("IP", false)]
[TestFixture("SOCKET", true)]
[TestFixture("SOCKET", false)]
[Category("Process")]
[Parallelizable]
public sealed class RollingUpgradeTests(string transport, bool hasKey)
{
    private const int Echoes = 50;

    private TwoInstances _instances = null!;
    private CandidateHost _candidate = null!;
    private ForwardKey _key = null!;

    [SetUp]
    public void SetUp()
    {
        _instances = new TwoInstances(transport);
        _candidate = new CandidateHost();
        _key = ForwardKey.Generate(17, TwoInstances.Near, TwoInstances.Far);
    }

    [TearDown]
    public void TearDown()
    {
        _instances.Dispose();
        _candidate.Dispose();
        _key.Dispose();
    }

    [Test]
    public void Each_host_may_be_of_either_version()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        Write(TwoInstances.Near, TwoInstances.Far, _instances.Bridge);
        Write(TwoInstances.Far, TwoInstances.Near, _instances.Outlet);
        RunningProgram near = Start(TwoInstances.Near, isNew: false);
        RunningProgram far = Start(TwoInstances.Far, isNew: false);
        near.WaitForLine($"Node {TwoInstances.Far}: Connected");
        far.WaitForLine($"Node {TwoInstances.Near}: Connected");
        Talk();
        far = Replace(far, TwoInstances.Far, isNew: true, near);
        near = Replace(near, TwoInstances.Near, isNew: true, far);
        _ = Replace(far, TwoInstances.Far, isNew: false, near);
    }

    private RunningProgram Replace(RunningProgram former, uint node, bool isNew, RunningProgram other)
    {
        int connected = Count(other, $"Node {node}: Connected");
        former.Signal(RunningProgram.SIGTERM);
        Assert.That(former.WaitForExit(), Is.Zero, former.Everything);
        RunningProgram next = Start(node, isNew);
        other.WaitForLines($"Node {node}: Connected", connected + 1);
        next.WaitForLine("Connected");
        Talk();
        return next;
    }

    // Messages of all lengths up to several frames, there and back.
    private void Talk()
    {
        using UdpClientProbe client = new(_instances.BridgePort);
        for (int i = 0; i < Echoes; i++)
        {
            byte[] datagram = new byte[1 + (i * 150)];
            Array.Fill(datagram, (byte)i);
            Assert.That(client.Ask(datagram), Is.EqualTo(datagram));
        }
    }

    private static int Count(RunningProgram program, string text) =>
        program.Everything.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    private RunningProgram Start(uint node, bool isNew)
    {
        string[] arguments = ["run", "--instance", _instances.InstanceFile(node)];
        RunningProgram program = isNew ? RunningProgram.StartHost(arguments) : _candidate.Start(arguments);
        _instances.Own(program);
        program.WaitForLine($"Node {node} runs");
        return program;
    }

    private void Write(uint node, uint peer, string sections)
    {
        string file = Path.Combine(_instances.DirectoryName, $"{node}.keys");
        KeyFiles.Write(file, [_key]);
        string address = transport == "IP" ? "127.0.0.1" : "";
        _instances.Write(
            node,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                key-file={file}
                [OverriddenNodes]
                {peer} = {(hasKey ? 17 : 0)}, FORWARD_TRANSPORT_{transport}, {address}, {_instances.PortOf(peer)}
                {sections}
                """
            )
        );
    }
}
