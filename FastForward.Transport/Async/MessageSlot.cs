namespace FastForward.Transport.Async;

/// <summary>
/// A received message outside of the loop thread, with a copy of its payload. Pooled by <see cref="MessageSlots"/>.
/// </summary>
internal sealed class MessageSlot(MessageSlots owner)
{
    private int _version;

    /// <summary>Which use of the object this is.</summary>
    public int Version => Volatile.Read(ref _version);

    public uint Node { get; set; }

    public ulong Stream { get; set; }

    public ulong Sequence { get; set; }

    public MessageClass Class { get; set; }

    public bool IsLast { get; set; }

    public ulong SkippedBefore { get; set; }

    public long DroppedBefore { get; set; }

    /// <summary>How often its node had been lost when it came (<see cref="ForwardResponder"/>).</summary>
    public int PeerLosses { get; set; }

    /// <summary>Its place among all messages of the receiver.</summary>
    public long Order { get; set; }

    public MessageCredit Credit { get; set; }

    /// <summary>The pooled buffer that holds the copy of the payload.</summary>
    public byte[] Buffer { get; set; } = [];

    public int Length { get; set; }

    /// <summary>The message as it was received.</summary>
    public ReceivedMessage AsReceived =>
        new()
        {
            Node = Node,
            Stream = Stream,
            Sequence = Sequence,
            Class = Class,
            IsLast = IsLast,
            SkippedBefore = SkippedBefore,
            Credit = Credit,
            Payload = Buffer.AsSpan(0, Length),
        };

    public ReadOnlyMemory<byte> Payload => Buffer.AsMemory(0, Length);

    /// <summary>Ends a use, from any thread; only the first call for it counts.</summary>
    public void Return(int version)
    {
        if (Interlocked.CompareExchange(ref _version, version + 1, version) == version)
            owner.Return(this);
    }
}
