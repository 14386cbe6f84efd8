using FastForward.Tests.Node;
using FastForward.Transport;

namespace FastForward.Tests.Lab;

/// <summary>
/// An MTU below what was assumed is said, and nothing is sent that cannot pass. The parts "Paths" and "Session" will
/// carry large messages over such a path in pieces; until then they are refused.
/// </summary>
[Category("Lab")]
public sealed class NarrowPathTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(50);

    [TestCase(1000, 1000, TestName = "An_MTU_of_the_own_interface")]
    [TestCase(1500, 1000, TestName = "An_MTU_on_the_way_that_drops_silently")]
    public void Long_frames_that_do_not_arrive_are_noticed_and_sent_no_more(int nearMtu, int farMtu)
    {
        using NarrowPath path = new(nearMtu, farMtu);
        // A run of datagrams passes a veth pair whole, whatever the MTU; a real device cuts it first.
        using NodeWorld world = new() { SegmentationOffload = false };
        (TestNode near, TestNode far) = Connect(world, path);
        world.Until(() => near.Node.GetPeer(far.Id)!.Reason is not null, "the path is known to be narrow");
        world.Until(
            () =>
                near.Changes.FindLast(static change => change.Kind == PeerEventKind.Narrow).Reason?.Contains("than 900")
                    is true,
            "frames of 900 bytes pass an MTU of 1000, those of 1000 do not"
        );
        Assert.That(near.Node.GetPeer(far.Id)!.Reason, Does.Contain("frames of more than 900 bytes do not arrive"));

        const int Count = 800;
        Assert.That(
            near.Node.Send(far.Id, 1, MessageClass.RealTime, new byte[1000]).Status,
            Is.EqualTo(SendStatus.TooLarge)
        );
        for (int i = 0; i < Count; i++)
        {
            Assert.That(
                near.Node.Send(far.Id, 2, MessageClass.RealTime, new byte[860]).Status,
                Is.EqualTo(SendStatus.Accepted)
            );
            world.Cycle();
        }

        world.Until(() => far.Messages.Count == Count, "all that was accepted");
        path.SetMtu(1500, 1500);
        world.Until(() => near.Node.GetPeer(far.Id)!.Reason is null, "the path is known to be wide again");
        Assert.That(near.Changes[^1].Reason, Is.EqualTo("frames of up to 1200 bytes arrive again"));
        Assert.That(
            near.Node.Send(far.Id, 3, MessageClass.RealTime, new byte[1100]).Status,
            Is.EqualTo(SendStatus.Accepted)
        );
        world.Until(() => far.Messages.Count == Count + 1, "a long message");
    }

    private static (TestNode Near, TestNode Far) Connect(NodeWorld world, NarrowPath path)
    {
        static void Configure(ForwardNodeOptions options) => options.ProbeInterval = s_interval;

        TestNode near = path.AtNear(() => world.Start(25011, Configure, true, NarrowPath.NearAddress));
        TestNode far = path.AtFar(() => world.Start(250012, Configure, true, NarrowPath.FarAddress));
        near.Route(far, TransportKind.Ip);
        far.Route(near, TransportKind.Ip);
        world.Until(() => near.IsConnectedTo(far) && far.IsConnectedTo(near), "both nodes connected");
        return (near, far);
    }
}
