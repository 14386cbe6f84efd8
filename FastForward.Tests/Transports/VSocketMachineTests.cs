using FastForward.Transport.Addressing;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>Comparison of context ids, and detection of vSocket support.</summary>
public sealed class VSocketMachineTests
{
    private const uint None = VSocketEndPoint.AnyCid;

    [TestCase(5u, 5u, 3u, true, TestName = "A number is the same as itself")]
    [TestCase(5u, 6u, 3u, false, TestName = "Two guests are not the same")]
    [TestCase(1u, 3u, 3u, true, TestName = "A guest is 1 and its own number to itself")]
    [TestCase(1u, 2u, 3u, false, TestName = "A guest is not its host")]
    [TestCase(3u, 2u, 3u, false, TestName = "A guest by its own number is not its host")]
    [TestCase(1u, 2u, 2u, true, TestName = "A host is 1 and 2 to itself")]
    [TestCase(1u, 2u, None, true, TestName = "A machine without a number is 1 and 2 to itself")]
    [TestCase(1u, 2u, 1u, true, TestName = "A machine with only the loopback is 1 and 2 to itself")]
    [TestCase(1u, 3u, None, false, TestName = "A machine without a number is not guest 3")]
    [TestCase(None, 1u, None, false, TestName = "VMADDR_CID_ANY is no machine")]
    [TestCase(1u, 2u, null, false, TestName = "A machine that cannot read its number may be a guest: it is not 2")]
    [TestCase(2u, 2u, null, true, TestName = "Equal numbers are compared without the own number")]
    public void Same_machine(uint one, uint other, uint? own, bool same)
    {
        Assert.That(VSocketMachine.IsSame(one, other, own), Is.EqualTo(same));
        Assert.That(VSocketMachine.IsSame(other, one, own), Is.EqualTo(same));
    }

    [TestCase("", "", "", true, TestName = "A physical machine has seqpacket")]
    [TestCase(
        "0x0013 0100000000000000",
        "QEMU",
        "",
        true,
        TestName = "A KVM guest whose device offers seqpacket has it"
    )]
    [TestCase(
        "0x0013 0000000000000000",
        "Amazon",
        "",
        false,
        TestName = "Not where the device does not (Firecracker, vhost-device-vsock)"
    )]
    [TestCase("0x0009 0000000000000000", "QEMU", "", true, TestName = "Other devices do not matter")]
    [TestCase("", "VMware, Inc.", "vmw_vsock_vmci_transport", false, TestName = "VMware has none")]
    [TestCase("", "VMware, Inc.", "vhost_vsock", true, TestName = "A VMware guest without VMware's transport has")]
    [TestCase("", "Microsoft Corporation", "hv_sock", false, TestName = "Hyper-V has none")]
    public void Carries_seqpacket(string device, string vendor, string module, bool expected)
    {
        using TemporaryDirectory sysfs = new();
        Write("class/dmi/id/sys_vendor", vendor);
        Write($"module/{(module.Length == 0 ? "vsock" : module)}/refcnt", "0");
        if (device.Split(' ') is [var id, var features])
        {
            Write("bus/virtio/devices/virtio7/device", id);
            Write("bus/virtio/devices/virtio7/features", features);
        }

        Assert.That(VSocketMachine.CarriesSeqPacket(sysfs.Path), Is.EqualTo(expected));

        void Write(string file, string content)
        {
            string path = Path.Combine(sysfs.Path, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content + "\n");
        }
    }

    [Test]
    public void Availability_never_throws()
    {
        using VSocketTransport transport = new(new VSocketTransportOptions { Port = 54_000 });
        foreach (
            TransportAvailability availability in new[]
            {
                transport.CheckAvailability(),
                VSocketTransport.CheckLoopback(),
            }
        )
        {
            TestContext.Out.WriteLine(availability.Reason ?? "available");
            Assert.That(availability.IsAvailable, Is.EqualTo(availability.Reason is null));
        }
    }
}
