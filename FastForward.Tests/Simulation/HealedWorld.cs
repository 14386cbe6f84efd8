using System.Runtime.CompilerServices;
using FastForward.Tests.Session;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Simulation;

/// <summary>
/// After the faults: one medium between each two nodes works again, all others stay dead. Everything that was accepted
/// must be delivered or reported, new messages must flow, no timer may run without a reason, and nothing may be kept.
/// </summary>
internal sealed class HealedWorld(SimulatedNetwork network, WorldOptions options, ChoiceStream choices)
{
    private const long Second = 1_000_000;
    private const long Quiet = 3 * Second;
    private const ulong ReliableStream = 1 << 20;
    private const ulong RealTimeStream = ReliableStream + 1;
    private const int RealTimeMessages = 5;

    public Mark Marks { get; private set; }

    public (WorldFailure Failure, string Text) Run()
    {
        network.Loss = 0;
        network.Duplication = 0;
        network.Ghosts = 0;
        network.Damage = 0;
        network.Lateness = 0;
        // Real-time messages must be able to come in time.
        network.MaxDelay = Math.Min(options.MaxDelay, Math.Min(50_000, options.RealTimeBudget / 4));
        network.MinDelay = Math.Min(options.MinDelay, network.MaxDelay);
        foreach ((SimulatedNode first, SimulatedNode second) in Pairs())
            Heal(first, second);
        // By then a path over a dead medium is suspect.
        network.Run(network.Now + (5 * options.ProbeInterval));
        // Shorter frames are tried one after the other where long ones do not arrive.
        long sizes = options.LongestDatagram < options.FrameSize ? 60 * options.ProbeInterval : 0;
        // A pause may have begun shortly before, and a process that was killed may be remembered for so long.
        long limit = (2 * options.DeadAfter) + options.LongestFault + sizes + (20 * Second);
        if (WaitForRest(limit) is { } unrest)
            return (WorldFailure.Liveness, unrest);
        if (SendNewMessages() is { } missing)
            return (WorldFailure.Liveness, missing);
        if (WaitForRest(sizes + (20 * Second)) is { } unrestAfter)
            return (WorldFailure.Liveness, $"after new messages: {unrestAfter}");
        return CheckRest();
    }

    // What is not at rest by the end; null when all is.
    private string? WaitForRest(long limit)
    {
        string? unrest = null;
        long end = network.Now + limit;
        while (network.Now < end)
        {
            network.Run(network.Now + Second);
            unrest = FindUnrest();
            if (unrest is null)
                return null;
        }

        return unrest;
    }

    private IEnumerable<(SimulatedNode, SimulatedNode)> Pairs()
    {
        SimulatedNode[] nodes = [.. network.Nodes];
        for (int i = 0; i < nodes.Length; i++)
        {
            for (int k = i + 1; k < nodes.Length; k++)
                yield return (nodes[i], nodes[k]);
        }
    }

    private void Heal(SimulatedNode first, SimulatedNode second)
    {
        TransportKind healed = options.Media[(int)choices.Below(options.Media.Length)];
        Marks |= healed == TransportKind.Ip ? Mark.HealedByDatagrams : Mark.HealedByConnections;
        network.Log?.Invoke($"{network.Now} heals {healed} between {first.Id} and {second.Id}");
        foreach (TransportKind kind in options.Media)
        {
            long until = kind == healed ? 0 : long.MaxValue;
            network.Direction(first.Address, second.Address, kind).CutUntil = until;
            network.Direction(second.Address, first.Address, kind).CutUntil = until;
            network.Direction(first.Address, second.Address, kind).ClogUntil = 0;
            network.Direction(second.Address, first.Address, kind).ClogUntil = 0;
        }

        // One of them connects, or the other, or both.
        long who = choices.Below(3);
        Connect(first, second.Id, healed, isOpener: who != 1);
        Connect(second, first.Id, healed, isOpener: who != 0);
    }

    private static void Connect(SimulatedNode node, uint other, TransportKind kind, bool isOpener)
    {
        node.AddRoute(other);
        node.Opens.Remove(other);
        if (isOpener)
            node.Open(other, kind);
    }

    // What is not at rest yet; null when all is.
    private string? FindUnrest()
    {
        foreach ((SimulatedNode first, SimulatedNode second) in Pairs())
        {
            if ((FindUnrest(first, second.Id) ?? FindUnrest(second, first.Id)) is { } unrest)
                return unrest;
            if (first.Peer(second.Id).SendPath!.RemoteIndex != second.Peer(first.Id).SendPath!.LocalIndex)
                return $"nodes {first.Id} and {second.Id} use different paths";
        }

        return null;
    }

    private string? FindUnrest(SimulatedNode node, uint other)
    {
        Peer peer = node.Peer(other);
        Sender sender = peer.Association.Sender;
        string? what =
            node.IsPaused ? "it is paused"
            : node.Links.Exists(link => link.RefusesUntil > network.Now) ? "a link accepts no frames"
            : peer.State != PeerState.Connected ? $"it is {peer.State}"
            : sender.Unacknowledged > 0 ? $"{sender.Unacknowledged} are not acknowledged"
            : sender.StoredBytes > 0 ? $"{sender.StoredBytes} bytes are stored"
            : node.Recorder.Held is { Count: > 0 } ? "credit is held"
            : peer.Paths.Any(static path => path.Recovery is { InFlight: > 0 }) ? "frames are in flight"
            : peer.Paths.Count(static path => !path.IsUnproven) > 1 ? "it has other paths"
            : peer.Association.Receiver.OutputDue != long.MaxValue ? "acknowledgements are pending"
            : null;
        return what is null ? null : $"node {node.Id} to {other}: {what}; paths {Describe(peer)}";
    }

    private static string Describe(Peer peer) =>
        string.Join(
            ' ',
            peer.Paths.Select(path =>
                $"[{path.Kind} {path.Phase} {path.State} epoch {path.Epoch}"
                + (ReferenceEquals(path, peer.SendPath) ? " real-time" : "")
                + (ReferenceEquals(path, peer.ReliablePath) ? " reliable" : "")
                + (peer.HasReliableOutput(path) ? " has output" : "")
                + (path.Recovery is { } recovery ? $" {recovery.InFlight} of {recovery.Window} in flight" : "")
                + $" due {path.NextTimeout}]"
            )
        );

    // A reliable message arrives; of several real-time messages, which may be late, one does.
    private string? SendNewMessages()
    {
        string? missing = null;
        foreach ((SimulatedNode first, SimulatedNode second) in Pairs())
            missing = Send(first, second.Id) ?? Send(second, first.Id) ?? missing;
        network.Run(network.Now + (2 * Second));
        foreach ((SimulatedNode first, SimulatedNode second) in Pairs())
            missing = FindMissing(first, second) ?? FindMissing(second, first) ?? missing;
        return missing;
    }

    private string? Send(SimulatedNode from, uint to)
    {
        for (int i = 0; i < RealTimeMessages; i++)
        {
            bool end = i == RealTimeMessages - 1;
            network.At(
                network.Now + (i * 100_000),
                () => from.SendNumbered(to, RealTimeStream, MessageClass.RealTime, 40, end)
            );
        }

        SendStatus status = from.SendNumbered(to, ReliableStream, MessageClass.Reliable, 40, end: true).Status;
        return status is SendStatus.Accepted or SendStatus.TooManyStreams
            ? null
            : $"node {from.Id} to {to}: a message is answered {status} at rest";
    }

    private static string? FindMissing(SimulatedNode from, SimulatedNode to)
    {
        foreach (ulong stream in (ReadOnlySpan<ulong>)[ReliableStream, RealTimeStream])
        {
            bool isSent = from.Ended.Exists(end => end.To == to.Id && end.Stream == stream);
            if (isSent && !to.Recorder.Messages.Exists(message => message.From == from.Id && message.Stream == stream))
                return $"node {from.Id} to {to.Id}: no message on stream {stream} arrives at rest";
        }

        return null;
    }

    private (WorldFailure, string) CheckRest()
    {
        Dictionary<SimulatedNode, long> wakeups = network.Nodes.ToDictionary(
            static node => node,
            static node => node.Wakeups
        );
        network.Run(network.Now + Quiet);
        if (FindUnrest() is { } unrest)
            return (WorldFailure.Liveness, $"rest does not last: {unrest}");
        foreach ((SimulatedNode node, long before) in wakeups)
        {
            // Each path sends a probe per interval, answers one, and reads both answers; and as many for its size.
            int paths = node.Peers.All.Sum(static peer => peer.Paths.Count);
            long most = (8 * paths * ((Quiet / options.ProbeInterval) + 1)) + 4;
            if (node.Wakeups - before > most)
                return (WorldFailure.Hot, $"node {node.Id}: {node.Wakeups - before} wake-ups at rest, not {most}");
        }

        foreach ((SimulatedNode first, SimulatedNode second) in Pairs())
        {
            (WorldFailure failure, string text) = CheckRest(first, second);
            if (failure == WorldFailure.None)
                (failure, text) = CheckRest(second, first);
            if (failure != WorldFailure.None)
                return (failure, text);
        }

        return (WorldFailure.None, "");
    }

    // A reliable stream that is refused before its first message is reported to the sender alone. What was written to a
    // connection that is closed then is lost, also the end of a real-time stream.
    private bool IsReported(SimulatedNode from, ulong stream, MessageClass messageClass) =>
        messageClass == MessageClass.Reliable
            ? !from.Recorder.Reports.Exists(report => report.Stream == stream)
            : !options.Media.Contains(TransportKind.Socket);

    private (WorldFailure, string) CheckRest(SimulatedNode from, SimulatedNode to)
    {
        string pair = $"node {from.Id} to {to.Id}";
        Association near = from.Peer(to.Id).Association;
        Receiver receiver = to.Peer(from.Id).Association.Receiver;
        if (WaitingCredit(receiver) != 0)
            return (WorldFailure.Memory, $"{pair}: {WaitingCredit(receiver)} bytes wait at the receiver at rest");
        if (HeldBytes(receiver) != 0)
            return (WorldFailure.Memory, $"{pair}: {HeldBytes(receiver)} bytes are held at rest");
        if (near.Sender.CreditUsed != CreditUsed(receiver))
            return (
                WorldFailure.Credit,
                $"{pair}: the sender counts {near.Sender.CreditUsed} credit, the receiver {CreditUsed(receiver)}"
            );
        if (GrantedTo(near.Sender) != Granted(receiver))
            return (
                WorldFailure.Credit,
                $"{pair}: the sender may use {GrantedTo(near.Sender)} credit, the receiver grants {Granted(receiver)}"
            );
        foreach ((uint node, ulong stream, MessageClass messageClass, Association association) in from.Ended)
        {
            if (
                node == to.Id
                && ReferenceEquals(association, near)
                && IsReported(from, stream, messageClass)
                && !to.Recorder.Ends.Exists(end => end.Node == from.Id && end.Stream == stream)
            )
                return (WorldFailure.Ends, $"{pair}: the end of stream {stream} was not reported");
        }

        return (WorldFailure.None, "");
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_heldBytes")]
    private static extern ref long HeldBytes(Receiver receiver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_waitingCredit")]
    private static extern ref long WaitingCredit(Receiver receiver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_creditUsed")]
    private static extern ref ulong CreditUsed(Receiver receiver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_creditLimit")]
    private static extern ref ulong Granted(Receiver receiver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_creditLimit")]
    private static extern ref ulong GrantedTo(Sender sender);
}
