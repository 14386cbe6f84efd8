using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>
/// Members that the transports of the library implement explicitly, because their owners call them through
/// <see cref="IForwardTransport"/>.
/// </summary>
internal static class TransportMembers
{
    public static int Poll(this IForwardTransport transport, int budget) => transport.Poll(budget);

    public static bool Arm(this IForwardTransport transport) => transport.Arm();

    public static void Disarm(this IForwardTransport transport) => transport.Disarm();

    public static void Flush(this IForwardTransport transport) => transport.Flush();

    public static void StopAccepting(this IForwardTransport transport) => transport.StopAccepting();
}
