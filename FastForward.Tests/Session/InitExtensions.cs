using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>INITs without a key, and the answers to them.</summary>
internal static class InitExtensions
{
    public static InitDecision Evaluate(
        this Peers peers,
        long now,
        in Handshake init,
        TransportKind kind,
        bool hostLocal,
        in LinkSource source,
        out Reject refusal
    )
    {
        byte[] frame = new byte[WireFormat.Handshake];
        init.Write(frame);
        byte[] answer = new byte[Peers.LongestAnswer];
        InitArrival arrival = new(kind, hostLocal, source);
        InitDecision decision = peers.Evaluate(now, init, frame, arrival, answer, out int length, out _);
        Reject.TryRead(answer.AsSpan(0, length), out refusal);
        return decision;
    }
}
