using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Tests.Transports;

/// <summary>Socket addresses of RDMA end points, and the opening in private data.</summary>
public sealed class RdmaAddressTests
{
    private const string LinkLocalGid = "0xfe8000000000000050800200008e4d39";

    private static readonly byte[] s_prefix = [0xFE, 0x80, 0, 0, 0, 0, 0, 0];

    [TestCase("10.99.0.1", "10.99.0.1:54000")]
    [TestCase("2001:db8::7", "[2001:db8::7]:54000")]
    [TestCase("fe80::7%1", "[fe80::7%1]:54000")]
    [TestCase("0x00000000000000000000ffff0a630001", "10.99.0.1:54000")]
    [TestCase("0x20010db8000000000000000000000007", "[2001:db8::7]:54000")]
    public void Hosts_and_gids_of_RoCE_are_IP_addresses(string text, string expected)
    {
        Assert.That(Write(text, [Ethernet("lo")], out byte[] address), Is.Null);
        Assert.That(Read(address), Is.EqualTo(IPEndPoint.Parse(expected)));
    }

    [Test]
    public void A_link_local_gid_leads_through_the_only_interface_of_a_device()
    {
        Assert.That(Write(LinkLocalGid, [Ethernet("lo"), Ethernet("lo")], out byte[] address), Is.Null);
        Assert.That(Read(address), Is.EqualTo(IPEndPoint.Parse("[fe80::5080:200:8e:4d39%1]:54000")));
    }

    [Test]
    public void A_link_local_gid_needs_an_interface_that_is_known()
    {
        Assert.That(
            Write(LinkLocalGid, [], out _),
            Does.EndWith("is link-local, and no port of an RDMA device here has a network interface")
        );
        Assert.That(
            Write(LinkLocalGid, [Ethernet("eth0"), Ethernet("eth1")], out _),
            Does.Contain("which of the interfaces eth0, eth1 leads to it")
                .And.EndWith("fe80::5080:200:8e:4d39%eth0 for example")
        );
        Assert.That(Write("fe80::7%nosuch0", [], out _), Does.EndWith("this machine has no such network interface"));
    }

    [Test]
    public void A_host_name_is_not_looked_up()
    {
        Assert.That(
            Write("node7.example.net", [], out _),
            Is.EqualTo("node7.example.net is not an IP address, and host names are resolved by the node")
        );
    }

    [Test]
    public void A_gid_with_the_prefix_of_an_InfiniBand_port_is_an_InfiniBand_address()
    {
        RdmaDevicePort port = new(
            "mlx5_0",
            1,
            IsInfiniBand: true,
            "ACTIVE",
            [new RdmaDevicePort.Gid([.. s_prefix, 1, 2, 3, 4, 5, 6, 7, 8], "IB/RoCE v1", "")]
        );
        Assert.That(Write(LinkLocalGid, [Ethernet("lo"), port], out byte[] address), Is.Null);
        byte[] expected =
        [
            .. BitConverter.GetBytes((ushort)27), // AF_IB
            0xFF, // the default partition key
            0xFF,
            0, // flow information
            0,
            0,
            0,
            .. Convert.FromHexString(LinkLocalGid.AsSpan(2)),
            0, // the service: RDMA_PS_TCP and the port, in network byte order
            0,
            0,
            0,
            0x01,
            0x06,
            0xD2,
            0xF0,
            .. Enumerable.Repeat((byte)0xFF, 8),
            .. new byte[8],
        ];
        Assert.That(address, Is.EqualTo(expected));
        Assert.That(RdmaAddress.IsInfiniBand(address), Is.True);
        Assert.That(Read(address), Is.EqualTo(IPEndPoint.Parse("[fe80::5080:200:8e:4d39]:54000")));
    }

    [Test]
    public void Ports_are_read_from_sysfs()
    {
        using TemporaryDirectory sysfs = new();
        string port = Directory.CreateDirectory(sysfs["class/infiniband/rxe0/ports/1"]).FullName;
        WriteFile(port, "state", "4: ACTIVE\n");
        WriteFile(port, "link_layer", "Ethernet\n");
        WriteFile(port, "gids/0", "fe80:0000:0000:0000:8837:58ff:fe42:bbe6\n");
        WriteFile(port, "gids/1", "0000:0000:0000:0000:0000:ffff:0a63:0001\n");
        WriteFile(port, "gids/2", "0000:0000:0000:0000:0000:0000:0000:0000\n");
        WriteFile(port, "gid_attrs/types/1", "RoCE v2\n");
        WriteFile(port, "gid_attrs/ndevs/1", "rdma0\n");
        RdmaDevicePort read = RdmaDevicePort.ReadAll(sysfs.Path).Single();
        Assert.That((read.Device, read.Number, read.IsInfiniBand), Is.EqualTo(("rxe0", 1, false)));
        Assert.That((read.State, read.IsActive), Is.EqualTo(("ACTIVE", true)));
        Assert.That(read.Gids, Has.Count.EqualTo(2), "an empty entry is none");
        Assert.That((read.Gids[1].Type, read.Gids[1].Interface), Is.EqualTo(("RoCE v2", "rdma0")));
        Assert.That(new IPAddress(read.Gids[1].Bytes).MapToIPv4(), Is.EqualTo(IPAddress.Parse("10.99.0.1")));
    }

    [Test]
    public void The_opening_is_read_as_it_was_written()
    {
        RdmaOpening opening = new(new OpeningPacket(1, OpeningStatus.Welcome, 0, 4096, 0), 64);
        byte[] data = new byte[56]; // filled up with zeros, as the kernel does
        opening.Write(data);
        Assert.That(RdmaOpening.Read(data, out RdmaOpening read), Is.Null);
        Assert.That(read, Is.EqualTo(opening));
        Assert.That(
            Convert.ToHexString(data, 0, RdmaOpening.Length),
            Is.EqualTo("46467764" + "0100" + "0000" + "0000000000000000" + "00100000" + "00000000" + "4000" + "0000")
        );
        Assert.That(
            RdmaOpening.InfiniBandPrefix + RdmaOpening.Length,
            Is.LessThanOrEqualTo(92),
            "the private data of a request on InfiniBand"
        );
    }

    [Test]
    public void A_wrong_opening_is_refused()
    {
        byte[] data = new byte[56];
        Assert.That(RdmaOpening.Read(data.AsSpan(0, 27), out _), Is.EqualTo("the opening has 27 bytes instead of 28"));
        Assert.That(RdmaOpening.Read(data, out _), Does.Contain("wrong magic"));
        new RdmaOpening(new OpeningPacket(1, OpeningStatus.Welcome, 0, 4096, 0), 3).Write(data);
        Assert.That(RdmaOpening.Read(data, out _), Is.EqualTo("the peer grants 3 credits; 4 is the minimum"));
        new RdmaOpening(new OpeningPacket(1, OpeningStatus.Welcome, 0, 1199, 0), 64).Write(data);
        Assert.That(RdmaOpening.Read(data, out _), Does.Contain("1200 is the minimum"));
    }

    private static RdmaDevicePort Ethernet(string networkInterface) =>
        new(
            "rxe0",
            1,
            IsInfiniBand: false,
            "ACTIVE",
            [new RdmaDevicePort.Gid([.. s_prefix, 1, 2, 3, 4, 5, 6, 7, 8], "RoCE v2", networkInterface)]
        );

    private static string? Write(string text, RdmaDevicePort[] ports, out byte[] address)
    {
        Assert.That(RdmaEndPoint.TryParse(text, 54_000, out EndPoint? endPoint, out string? problem), Is.True, problem);
        address = new byte[RdmaAddress.Length];
        return RdmaAddress.Write((RdmaEndPoint)endPoint!, () => ports, address);
    }

    private static unsafe IPEndPoint? Read(byte[] address)
    {
        fixed (byte* start = address)
        {
            return RdmaAddress.Read((ushort*)start);
        }
    }

    private static void WriteFile(string directory, string name, string text)
    {
        string file = Path.Combine(directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
