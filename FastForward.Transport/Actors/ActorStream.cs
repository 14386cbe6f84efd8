namespace FastForward.Transport.Actors;

/// <summary>
/// How actors share the stream ids of a node: the upper 16 bits are the number of a service, the lower 48 bits number
/// the streams of the sender.
/// </summary>
/// <remarks>
/// <para>Sessions treat stream ids as opaque. The convention is shared by the actors of both nodes: the receiving
/// <see cref="ActorSystem"/> finds the actor by the service number.</para>
/// <para>Requests use services 0..0x7FFF, the replies of service n use service n | 0x8000. The server of n owns n; its
/// client owns n | 0x8000. Server and client may therefore be in the same node.</para>
/// </remarks>
internal static class ActorStream
{
    /// <summary>The bit that distinguishes the service number of replies from that of requests.</summary>
    public const ushort AnswerBit = 0x8000;

    /// <summary>The largest stream number within a service: 48 bits.</summary>
    public const ulong MaxNumber = (1UL << NumberBits) - 1;

    private const int NumberBits = 48;

    /// <summary>Composes a stream id.</summary>
    /// <param name="service">The service.</param>
    /// <param name="number">The number within the service, 0..<see cref="MaxNumber"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number has more than 48 bits.</exception>
    public static ulong Compose(ushort service, ulong number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MaxNumber);
        return ((ulong)service << NumberBits) | number;
    }

    /// <summary>The service of a stream.</summary>
    public static ushort ServiceOf(ulong stream) => (ushort)(stream >> NumberBits);

    /// <summary>The number of a stream within its service.</summary>
    public static ulong NumberOf(ulong stream) => stream & MaxNumber;

    /// <summary>
    /// The service of the other direction: that of the replies for a request service, that of the requests for a reply
    /// service.
    /// </summary>
    public static ushort Opposite(ushort service) => (ushort)(service ^ AnswerBit);
}
