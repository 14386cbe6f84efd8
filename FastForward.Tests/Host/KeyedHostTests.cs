using FastForward.Tests.Host.Processes;
using FastForward.Tests.Keys;
using FastForward.Transport;

namespace FastForward.Tests.Host;

/// <summary>Hosts that prove keys to each other, by what their files say.</summary>
[TestFixture("IP")]
[TestFixture("SOCKET")]
[Category("Process")]
[Parallelizable]
public sealed class KeyedHostTests(string transport)
{
    private const int SIGHUP = 1;

    private readonly ForwardKey _old = ForwardKey.Generate(17, TwoInstances.Near, TwoInstances.Far);
    private readonly ForwardKey _new = ForwardKey.Generate(18, TwoInstances.Near, TwoInstances.Far);
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances(transport);

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [OneTimeTearDown]
    public void Free()
    {
        _old.Dispose();
        _new.Dispose();
    }

    [Test]
    public void A_key_is_replaced_without_a_loss()
    {
        (RunningProgram near, RunningProgram far) = (
            Start(TwoInstances.Near, 17, _old),
            Start(TwoInstances.Far, 17, _old)
        );
        near.WaitForLine($"Node {TwoInstances.Far}: Connected");
        far.WaitForLine($"Node {TwoInstances.Near}: Connected");

        Reload(near, TwoInstances.Near, 17, 1, _old, _new);
        Reload(far, TwoInstances.Far, 17, 1, _old, _new);
        Reload(near, TwoInstances.Near, 18, 2, _old, _new);
        Ping();
        Reload(far, TwoInstances.Far, 18, 2, _old, _new);
        Ping();
        Reload(near, TwoInstances.Near, 18, 1, _new);
        Reload(far, TwoInstances.Far, 18, 1, _new);
        Ping();
        foreach (RunningProgram host in new[] { near, far })
            Assert.That(host.Everything, Does.Not.Contain("Lost").And.Not.Contain("fail:"), "one association");
    }

    [Test]
    public void A_wrong_key_connects_no_one()
    {
        using ForwardKey wrong = ForwardKey.Generate(17, TwoInstances.Near, TwoInstances.Far);
        RunningProgram near = Start(TwoInstances.Near, 17, _old);
        RunningProgram far = Start(TwoInstances.Far, 17, wrong);
        near.WaitForLine($"Node {TwoInstances.Far}: ");
        far.WaitForLine($"Node {TwoInstances.Near}: ");
        using RunningProgram ping = _instances.Ping(TwoInstances.Near, TwoInstances.Far, "--count", "1", "-w", "1");
        Assert.That(ping.WaitForExit(), Is.EqualTo(1), ping.Everything);
        Assert.That(near.Everything + far.Everything, Does.Not.Contain("Connected"));
    }

    private RunningProgram Start(uint node, uint keyId, params ForwardKey[] keys)
    {
        Write(node, keyId, keys);
        RunningProgram program = RunningProgram.StartHost("run", "--instance", _instances.InstanceFile(node));
        _instances.Own(program);
        program.WaitForLine($"Node {node} runs");
        return program;
    }

    private void Reload(RunningProgram host, uint node, uint keyId, int count, params ForwardKey[] keys)
    {
        Write(node, keyId, keys);
        host.Signal(SIGHUP);
        host.WaitForLines($"was read again: 1 rows, {keys.Length} keys", count);
    }

    private void Write(uint node, uint keyId, ForwardKey[] keys)
    {
        string file = Path.Combine(_instances.DirectoryName, $"{node}.keys");
        KeyFiles.Write(file, keys);
        uint peer = node == TwoInstances.Near ? TwoInstances.Far : TwoInstances.Near;
        string address = transport == "IP" ? "127.0.0.1" : "";
        _instances.Write(
            node,
            $"""
            key-file={file}
            [OverriddenNodes]
            {peer} = {keyId}, FORWARD_TRANSPORT_{transport}, {address}, {_instances.PortOf(peer)}
            """
        );
    }

    private void Ping()
    {
        using RunningProgram ping = _instances.Ping(TwoInstances.Near, TwoInstances.Far, "--count", "1", "-w", "20");
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
    }
}
