using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Tests.Transports;

/// <summary>What the transport says of a machine that it cannot run on.</summary>
public sealed class RdmaMachineTests
{
    private readonly List<string> _missing = [];
    private TemporaryDirectory _root = null!;
    private ulong? _limit;

    [SetUp]
    public void SetUp()
    {
        _root = new TemporaryDirectory();
        _missing.Clear();
        _limit = null;
        Make("class/infiniband/rxe0/ports/1/state", "4: ACTIVE");
        Make("dev/rdma_cm", "");
        Make("dev/uverbs0", "");
    }

    [TearDown]
    public void TearDown() => _root.Dispose();

    [Test]
    public void A_machine_with_everything_is_good() => Assert.That(Reason(), Is.Null);

    [Test]
    public void Without_a_device()
    {
        Directory.Delete(_root["class"], recursive: true);
        Assert.That(Reason(), Does.StartWith("the kernel has no RDMA device").And.Contain("rdma link add rxe0"));
    }

    [TestCase("dev/rdma_cm", "modprobe rdma_ucm")]
    [TestCase("dev/uverbs0", "modprobe ib_uverbs")]
    public void Without_a_device_file(string file, string advice)
    {
        File.Delete(_root[file]);
        Assert.That(Reason(), Does.StartWith(_root[file]).And.Contain(advice));
    }

    [Test]
    public void A_device_file_that_is_none()
    {
        File.Delete(_root["dev/uverbs0"]);
        File.CreateSymbolicLink(_root["dev/uverbs0"], _root["dev/nothing"]);
        Assert.That(Reason(), Does.StartWith(_root["dev/uverbs0"]).And.Contain("cannot be opened"));
    }

    [Test]
    public void Without_an_active_port()
    {
        Make("class/infiniband/rxe0/ports/1/state", "1: DOWN");
        Assert.That(Reason(), Does.StartWith("no port of an RDMA device is active (rxe0 port 1: DOWN)"));
    }

    [TestCase(IbVerbs.Library)]
    [TestCase(RdmaCm.Library)]
    public void Without_a_library(string name)
    {
        _missing.Add(name);
        Assert.That(Reason(), Does.StartWith($"the library {name} cannot be loaded").And.Contain("librdmacm1"));
    }

    [Test]
    public void With_too_little_memory_to_lock()
    {
        _limit = 65_536;
        Assert.That(
            Reason(),
            Does.StartWith("1000000 bytes of memory have to be locked; this process may lock 65536 (RLIMIT_MEMLOCK)")
                .And.Contain("LimitMEMLOCK=infinity")
        );
        _limit = 1_000_000;
        Assert.That(Reason(), Is.Null);
    }

    [Test]
    public void The_defaults_fit_into_the_usual_limit()
    {
        RdmaTransportOptions options = new() { Port = 1 };
        Assert.That((long)options.Sizes.Link * options.MaxLinks, Is.LessThan(8 << 20));
    }

    [Test]
    public void A_transport_that_is_not_available_says_so_instead_of_starting()
    {
        using RdmaTransport transport = new(new RdmaTransportOptions { Port = 54_000 });
        if (transport.CheckAvailability().Reason is not { } reason)
        {
            Assert.Ignore("this machine has RDMA");
            return;
        }

        using LoopDriver driver = new();
        Assert.That(
            () => transport.Start(driver.Loop, new RecordingSink()),
            Throws
                .InstanceOf<FastForward.Transport.Transports.TransportException>()
                .With.Message.EqualTo($"RDMA is not available: {reason}.")
        );
    }

    [TestCase(0, "Port: 0 is outside 1..65535")]
    [TestCase(70_000, "Port: 70000 is outside 1..65535")]
    public void A_wrong_port(int port, string problem) =>
        Assert.That(new RdmaTransportOptions { Port = port }.FindProblems(), Has.One.StartsWith(problem));

    [Test]
    public void Every_option_has_limits()
    {
        RdmaTransportOptions options = new()
        {
            Port = 1,
            Addresses = [],
            MaxFrameSize = 100,
            Credits = 3,
            MaxLinks = 0,
            OpenTimeout = TimeSpan.Zero,
            Backlog = 0,
            MaxPendingOpens = 0,
        };
        Assert.That(
            options.FindProblems().Select(static problem => problem[..problem.IndexOf(':', StringComparison.Ordinal)]),
            Is.EqualTo(
                new[]
                {
                    nameof(options.Addresses),
                    nameof(options.MaxFrameSize),
                    nameof(options.Credits),
                    nameof(options.MaxLinks),
                    nameof(options.OpenTimeout),
                    nameof(options.Backlog),
                    nameof(options.MaxPendingOpens),
                }
            )
        );
    }

    private string? Reason() =>
        new RdmaMachine(_root.Path, _root["dev"], name => !_missing.Contains(name), () => _limit)
            .Check(1_000_000)
            .Reason;

    private void Make(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root[name])!);
        File.WriteAllText(_root[name], text);
    }
}
