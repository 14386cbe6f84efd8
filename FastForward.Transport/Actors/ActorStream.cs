namespace FastForward.Transport.Actors;

/// <summary>
/// How actors share the stream ids of a node: the upper 16 bits are the number of a service, the lower 48 bits number
/// the streams of the sender.
/// </summary>
/// <remarks>
/// <para>Sessions treat stream ids as opaque. This convention belongs to the actors of both ends: by the service number
/// the receiving <see cref="ActorSystem"/> finds the actor.</para>
/// <para>Requests travel on services 0..0x7FFF, the answers to service n on service n | 0x8000. Whoever serves n owns
/// n; whoever asks for it owns n | 0x8000. So both may live in one node, even towards each other.</para>
/// </remarks>
internal static class ActorStream
{
    /// <summary>The bit that tells an answer's service number from its request's.</summary>
    public const ushort AnswerBit = 0x8000;

    /// <summary>The largest number below a service: 48 bits.</summary>
    public const ulong MaxNumber = (1UL << NumberBits) - 1;

    private const int NumberBits = 48;

    /// <summary>Puts a stream id together.</summary>
    /// <param name="service">The service.</param>
    /// <param name="number">The number below the service, 0..<see cref="MaxNumber"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number has more than 48 bits.</exception>
    public static ulong Compose(ushort service, ulong number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MaxNumber);
        return ((ulong)service << NumberBits) | number;
    }

    /// <summary>The service of a stream.</summary>
    public static ushort ServiceOf(ulong stream) => (ushort)(stream >> NumberBits);

    /// <summary>The number of a stream below its service.</summary>
    public static ulong NumberOf(ulong stream) => stream & MaxNumber;

    /// <summary>
    /// The service on which the other direction of a conversation travels: the answers of a request service, the
    /// requests of an answer service.
    /// </summary>
    public static ushort Opposite(ushort service) => (ushort)(service ^ AnswerBit);
}
