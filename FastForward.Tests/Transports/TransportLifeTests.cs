using System.Buffers.Binary;
using System.Net;
using FastForward.Transport;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>Start and disposal of transports, cleanup, and resource use.</summary>
[TestFixtureSource(typeof(TransportCase), nameof(TransportCase.All))]
public sealed class TransportLifeTests(TransportCase transportCase) : TransportConformance(transportCase)
{
    [Test]
    public void Availability_and_local_end_points_are_reported()
    {
        using IForwardTransport transport = Harness.Create();
        Assert.That(transport.CheckAvailability().Reason, Is.Null, "the suite runs on it");
        Assert.That(transport.LocalEndPoints, Is.Empty, "not started");
        Assert.That(() => transport.Connect(Harness.Nobody()), Throws.InvalidOperationException, "not started");
        Start(transport);
        Assert.That(transport.LocalEndPoints, Is.Not.Empty);
        Assert.That(
            () => transport.Start(Driver.Loop, new RecordingSink()),
            Throws.InvalidOperationException,
            "started already"
        );
    }

    [Test]
    public void Dispose_closes_every_link_once_and_leaves_nothing_behind()
    {
        Pair pair = Open();
        IForwardLink opening = pair.A.Connect(Harness.Nobody());
        IForwardLink closing = pair.A.Connect(Harness.Reach(pair.B));
        closing.Close();
        Stop(pair.A);
        Assert.That(pair.SinkA.ClosureOf(pair.AtA).Reason, Is.EqualTo(LinkCloseReason.TransportStopped));
        Assert.That(pair.SinkA.ClosureOf(closing).Reason, Is.EqualTo(LinkCloseReason.ClosedLocally));
        Assert.That(pair.SinkA.HasClosed(opening), Is.True);
        pair.A.Dispose();

        Assert.That(pair.AtA.TryClaim(10, out _), Is.EqualTo(ClaimResult.Closed));
        Assert.That(() => pair.AtA.Commit(1, false), Throws.InvalidOperationException);
        pair.AtA.Close();
        pair.A.Flush();
        pair.A.StopAccepting();
        Assert.That(pair.A.Poll(10), Is.Zero);
        Assert.That(() => pair.A.Connect(Harness.Nobody()), Throws.InstanceOf<ObjectDisposedException>());

        if (pair.Traits.ConnectionOriented)
        {
            Driver.Until(() => pair.SinkB.HasClosed(pair.AtB), "Closed there");
            Assert.That(pair.SinkB.ClosureOf(pair.AtB).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
        }

        Stop(pair.B);
        Assert.That(pair.SinkB.ClosedLinks.Select(entry => entry.Link), Does.Contain(pair.AtB));
        Assert.That(Harness.Files, Is.Empty, "files");
    }

    [Test]
    public void A_connect_that_the_remote_side_has_not_taken_when_it_is_disposed_gets_its_Closed()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, RecordingSink sinkB) = Start();
        EndPoint place = Harness.Reach(b);
        Driver.Detach(b);
        IForwardLink link = a.Connect(place);
        Driver.UntilQuiet();
        b.Dispose();
        if (!link.Traits.ConnectionOriented)
        {
            Driver.Until(() => sinkA.OpenedLinks.Contains(link), "Opened, as every address does");
            return;
        }

        Driver.Until(() => sinkA.HasClosed(link), "Closed");
        Assert.That(sinkA.ClosureOf(link).Reason, Is.AnyOf(LinkCloseReason.ConnectRefused, LinkCloseReason.PeerClosed));
        Assert.That(sinkB.ClosedLinks, Has.Count.EqualTo(sinkB.OpenedLinks.Count));
    }

    [Test]
    public void Dispose_inside_a_callback_completes_after_it()
    {
        Pair pair = Open();
        pair.SinkB.OnFrame = (_, _) =>
        {
            Driver.Detach(pair.B);
            pair.B.Dispose();
            Assert.That(pair.SinkB.ClosedLinks, Is.Empty, "dispatch does not recurse");
        };
        byte[] frame = MakeFrame(pair.AtA, 50);
        for (int i = 0; i < 10; i++)
            TrySend(pair.AtA, frame); // some of one batch stay undelivered
        Driver.Until(
            () =>
            {
                TrySend(pair.AtA, frame);
                TrySend(pair.AtA, frame);
                return pair.SinkB.HasClosed(pair.AtB);
            },
            "Closed"
        );
        Assert.That(pair.SinkB.ClosureOf(pair.AtB).Reason, Is.EqualTo(LinkCloseReason.TransportStopped));
        Assert.That(pair.SinkB.FrameCount, Is.EqualTo(1), "and no frame after it");
        Assert.That(pair.AtB.TryClaim(10, out _), Is.EqualTo(ClaimResult.Closed));
    }

    [Test]
    public void StopAccepting_keeps_links_and_takes_no_new_ones()
    {
        Pair pair = Open();
        EndPoint place = Harness.Reach(pair.B);
        pair.B.StopAccepting();
        (IForwardTransport c, RecordingSink sinkC) = Start();
        IForwardLink late = c.Connect(place);
        if (late.Traits.ConnectionOriented)
        {
            Driver.Until(() => sinkC.HasClosed(late), "Closed");
            Assert.That(
                sinkC.ClosureOf(late).Reason,
                Is.AnyOf(LinkCloseReason.ConnectRefused, LinkCloseReason.PeerClosed)
            );
        }
        else
        {
            Driver.Until(() => sinkC.OpenedLinks.Contains(late), "Opened");
            for (int i = 0; i < 20; i++)
            {
                Send(late, new byte[12]);
                Driver.Cycle();
            }

            Driver.UntilQuiet();
            Assert.That(pair.SinkB.Strangers, Is.Empty);
            Assert.That(pair.B.Statistics.DroppedFrames.Sum(static reason => reason.Value), Is.EqualTo(20));
        }

        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, 80));
        SendUntilArrived(pair.AtB, pair.SinkA, pair.AtA, MakeFrame(pair.AtB, 80));
        Assert.That(pair.SinkB.OpenedLinks.Count(link => link.IsInbound), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void Only_media_without_connections_report_strangers()
    {
        Pair pair = Open();
        if (pair.Traits.ConnectionOriented)
        {
            Assert.That(() => pair.A.Adopt(default), Throws.InstanceOf<NotSupportedException>());
            Assert.That(() => pair.A.TryAnswer(default, new byte[20]), Throws.InstanceOf<NotSupportedException>());
            return;
        }

        // An unknown frame is answered to its source, and no link is created.
        byte[] question = new byte[40];
        Random.NextBytes(question);
        BinaryPrimitives.WriteUInt32LittleEndian(question.AsSpan(4), 0);
        byte[] answer = MakeFrame(pair.AtB, 40);
        pair.SinkB.OnStranger = (IForwardTransport transport, in StrangerSource source, Span<byte> frame) =>
        {
            Assert.That(frame.SequenceEqual(question), Is.True);
            Assert.That(source.IsLoopback, Is.True, "the suite uses loopback addresses");
            Assert.That(source.ContextId.HasValue, Is.EqualTo(transport.Kind == TransportKind.VSocket));
            // A transport that wraps this one may pass the source on as a copy of its own.
            StrangerSource copy = new(
                source.Address.ToArray(),
                source.Local.ToArray(),
                source.IsLoopback,
                source.ContextId
            );
            transport.TryAnswer(copy, answer);
        };
        Driver.Until(
            () =>
            {
                if (pair.SinkA.FrameCount == 0)
                    TrySend(pair.AtA, question);
                return pair.SinkA.FrameCount > 0;
            },
            "the answer"
        );
        Assert.That(pair.SinkA.FramesOf(pair.AtA)[0], Is.EqualTo(answer));
    }

    [Test]
    public void A_killed_process_is_detected_where_the_medium_supports_it()
    {
        if (!Harness.CrossesProcesses)
            Assert.Ignore("the medium links nodes of one process");
        (IForwardTransport a, RecordingSink sinkA) = Start();
        string[] peer = ["peer", .. Harness.PeerArguments()];
        using TestProcess process = TestProcess.Start(peer);
        EndPoint place = Harness.Parse(process.ReadLine());
        IForwardLink link = a.Connect(place);
        Driver.Until(() => sinkA.OpenedLinks.Contains(link), "Opened");
        byte[] question = new byte[100];
        BinaryPrimitives.WriteUInt32LittleEndian(question.AsSpan(8), link.Index);
        Driver.Until(
            () =>
            {
                if (sinkA.FrameCount == 0 && (!link.Traits.Reliable || link.Owner is null))
                    TrySend(link, question);
                link.Owner = this;
                return sinkA.FrameCount > 0;
            },
            "the echo"
        );

        if (link.Traits.Credentials?.ProcessId is { } id)
            Assert.That(id, Is.EqualTo(process.Id));
        process.Kill();
        if (link.Traits.DetectsPeerDeath)
        {
            Driver.Until(() => sinkA.HasClosed(link), "Closed");
            Assert.That(sinkA.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
        }
        else
        {
            for (int i = 0; i < 50; i++)
            {
                Assert.That(TrySend(link, question), Is.EqualTo(ClaimResult.Claimed), "an address does not die");
                Driver.Cycle();
            }

            Driver.UntilQuiet();
            Assert.That(sinkA.ClosedLinks, Is.Empty);
        }

        // Files of the killed process do not prevent a successor from starting.
        using TestProcess successor = TestProcess.Start(peer);
        IForwardLink again = a.Connect(Harness.Parse(successor.ReadLine()));
        Driver.Until(() => sinkA.OpenedLinks.Contains(again), "Opened again");
    }

    [Test]
    [NonParallelizable]
    public void A_start_that_runs_out_of_descriptors_leaves_nothing_behind_and_can_be_repeated()
    {
        Stop(Start().Transport); // loads what the path needs
        IForwardTransport transport = Harness.Create();
        (ulong soft, ulong hard) = DescriptorLimit.Get();
        List<string> before = Descriptors();
        int failures = 0;
        for (ulong room = 0; transport.LocalEndPoints.Count == 0; room++)
        {
            TransportException? failure = null;
            using (Descriptor lowest = new(LibC.Socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0)))
                DescriptorLimit.Set((ulong)lowest.Number + room, hard); // numbers above it may be in use
            try
            {
                transport.Start(Driver.Loop, new RecordingSink());
            }
            catch (TransportException exception)
            {
                failure = exception;
            }
            finally
            {
                DescriptorLimit.Set(soft, hard);
            }

            if (failure is null)
                break;
            failures++;
            Assert.That(transport.LocalEndPoints, Is.Empty);
            Assert.That(Harness.Files, Is.Empty, "files");
            AssertNoNew(before);
        }

        Assert.That(failures, transport.Descriptor < 0 ? Is.Zero : Is.Positive);
        Driver.Attach(transport);
        Stop(transport);
        AssertNoNew(before);
    }

    [Test]
    public void No_descriptor_leaks()
    {
        RunOnce();
        List<string> before = Descriptors();
        for (int i = 0; i < 5; i++)
            RunOnce();
        AssertNoNew(before);

        void RunOnce()
        {
            (IForwardTransport a, RecordingSink sinkA) = Start();
            (IForwardTransport b, RecordingSink sinkB) = Start();
            for (int i = 0; i < 20; i++)
            {
                (IForwardLink near, _) = Link(a, sinkA, b, sinkB);
                if (i % 2 == 0)
                    near.Close();
            }

            a.Connect(Harness.Nobody());
            Driver.UntilQuiet();
            a.Connect(Harness.Reach(b));
            Stop(a);
            Stop(b);
        }
    }

    private static void AssertNoNew(List<string> before)
    {
        List<string> after = Descriptors();
        Assert.That(
            after,
            Has.Count.LessThanOrEqualTo(before.Count),
            () => $"new ones: {string.Join(", ", after.Except(before))}"
        );
    }

    // Only the kinds that the library opens: the runtime may open files and pipes at any time.
    private static List<string> Descriptors() =>
        [
            .. Directory
                .GetFiles("/proc/self/fd")
                .Select(static path => new FileInfo(path).LinkTarget ?? string.Empty)
                .Where(static target =>
                    target.Contains("socket:", StringComparison.Ordinal)
                    || target.Contains("[event", StringComparison.Ordinal)
                    || target.Contains(".lock", StringComparison.Ordinal)
                ),
        ];
}
