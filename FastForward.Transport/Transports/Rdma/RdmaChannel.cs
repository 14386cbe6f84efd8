using System.Buffers.Binary;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The native side of a link: its id, queue pair, memory and credits. It outlives the link until the device has let go
/// of its memory (<see cref="RdmaDepartures"/>).
/// </summary>
/// <remarks>
/// <para>Each message begins with a little-endian 32-bit word: how many frames its sender has handled, modulo 2^32, and
/// whose receives are posted again. A message without a frame is a notice. A side sends a frame only while fewer frames
/// than the peer's credits are unhandled, so that the peer always has a receive for it.</para>
/// <para>A notice is sent when half of the credits have been handled and not been reported, and uses none. Receives are
/// posted before each send, so what a message reports has been posted.</para>
/// </remarks>
internal sealed unsafe class RdmaChannel : IDisposable
{
    // IBV_WC: 0.64 ms (InfiniBand Architecture Specification, volume 1, table 45). The default of 655 ms would stall a
    // link for that long, and much shorter times flood soft devices.
    private const byte ReceiverNotReadyTimer = 12;

    private const byte Retries = 6; // 7, the most, is endless on soft devices

    // Not endless (7): by the credits a receive is always posted, and a peer that breaks them has to be noticed.
    private const byte ReceiverNotReadyRetries = 6;

    private const uint SmallestInline = 32;
    private const uint LargestInline = 256;

    private readonly RdmaSizes _sizes;
    private readonly RdmaSlab _slab;
    private readonly byte* _memory;
    private RdmaSends? _sends;
    private RdmaReceives? _receives;
    private uint _window;
    private uint _sent; // frames staged so far
    private uint _handledByPeer;
    private uint _handled; // frames handled whose receives wait or are posted
    private uint _reported;
    private bool _isNoticePending;

    /// <param name="id">The id of the connection, owned by the channel.</param>
    /// <param name="key">What finds the channel again.</param>
    /// <param name="slab">Where the memory comes from.</param>
    /// <param name="memory">The memory, returned when the channel is disposed of.</param>
    /// <param name="sizes">Its division.</param>
    public RdmaChannel(RdmaId id, uint key, RdmaSlab slab, byte* memory, RdmaSizes sizes)
    {
        Id = id;
        Key = key;
        _slab = slab;
        _memory = memory;
        _sizes = sizes;
    }

    public RdmaId Id { get; }

    public uint Key { get; }

    /// <summary>The link; null when it has ended.</summary>
    public RdmaLink? Link { get; set; }

    /// <summary>The device, from the creation of the queue pair on.</summary>
    public RdmaDevice? Device { get; private set; }

    /// <summary>The queue pair may have sent or received.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>The most bytes that leave without being read from memory by the device.</summary>
    public int InlineBytes => (int)(_sends?.InlineBytes ?? 0);

    /// <summary>Sends whose end has not been seen.</summary>
    public bool HasSends => _sends is { } sends && (sends.Outstanding > 0 || sends.HasStaged);

    /// <summary>All work requests have completed.</summary>
    public bool IsDrained => !HasSends && _receives is not { Outstanding: > 0 };

    /// <summary>Creates the queue pair with its receives.</summary>
    /// <returns>0, or errno.</returns>
    public int CreateQueuePair(RdmaDevice device)
    {
        IbVerbs.QueuePairParameters parameters = new() { Type = IbVerbs.IBV_QPT_RC };
        int error = Errno.EINVAL;

        // Devices differ in what they can send inline, and refuse a queue pair that asks for more.
        for (uint inline = LargestInline; error is Errno.EINVAL or Errno.ENOMEM; inline /= 2)
        {
            if (inline < SmallestInline)
                inline = 0;
            parameters.Capacity = new IbVerbs.Capacity
            {
                SendRequests = (uint)_sizes.SendDepth,
                ReceiveRequests = (uint)_sizes.ReceiveDepth,
                SendEntries = 1,
                ReceiveEntries = 1,
                InlineBytes = inline,
            };
            error = Id.CreateQueuePair(device.Domain, device.Queue, &parameters);
            if (inline == 0)
                break;
        }

        if (error != 0)
            return error;
        Device = device;
        ulong owner = RdmaWorkId.OwnerOf(Key);
        _receives = new RdmaReceives(_memory, _sizes, device.LocalKey, owner);
        byte* ring = _memory + ((nint)_sizes.ReceiveDepth * _sizes.Stride);
        _sends = new RdmaSends(ring, _sizes.Ring, device.LocalKey, _sizes.SendDepth, owner)
        {
            InlineBytes = parameters.Capacity.InlineBytes,
        };
        return _receives.Post(Id.View->QueuePair);
    }

    /// <summary>rdma_connect(3) with this side's opening as private data.</summary>
    /// <returns>0, or errno.</returns>
    public int Connect(ReadOnlySpan<byte> opening) => Establish(opening, accepts: false);

    /// <summary>rdma_accept(3) with this side's opening as private data.</summary>
    /// <returns>0, or errno.</returns>
    public int Accept(ReadOnlySpan<byte> opening)
    {
        int error = Establish(opening, accepts: true);
        IsConnected = error == 0;
        return error == 0 ? SetTimer() : error;
    }

    /// <summary>The peer has accepted.</summary>
    /// <returns>0, or errno.</returns>
    public int Accepted()
    {
        IsConnected = true;
        return SetTimer();
    }

    /// <summary>The peer's opening is known.</summary>
    public void Open(int credits) => _window = (uint)Math.Min(credits, _sizes.SendDepth - RdmaSizes.Reserve);

    public bool HasRoom(int length) => _sent - _handledByPeer < _window && _sends!.TryClaim(length, RdmaSizes.Reserve);

    /// <summary>The memory that <see cref="HasRoom"/> found.</summary>
    public Span<byte> Claimed(int length) => _sends!.Claimed(length);

    public void Stage(int length)
    {
        _sent++;
        _sends!.Stage(length, signal: false);
    }

    /// <summary>Posts what is staged, after the receives that have to be there first.</summary>
    /// <param name="count">The messages that were posted.</param>
    /// <returns>0, or errno.</returns>
    public int Post(out int count)
    {
        count = 0;
        int error = PostReceives();
        if (error != 0 || !_sends!.HasStaged)
            return error;
        _reported = _handled;
        return _sends.Post(Id.View->QueuePair, _handled, out count);
    }

    /// <summary>
    /// Posts the receives of handled messages, and a notice where half of the credits are unreported.
    /// </summary>
    /// <returns>0, or errno.</returns>
    public int Replenish()
    {
        int error = PostReceives();
        _isNoticePending |= _handled - _reported >= (uint)((_sizes.Credits + 1) / 2);
        if (error != 0 || !_isNoticePending || _sends!.HasStaged)
            return error; // what is staged reports it too
        if (!_sends.TryClaim(0, keep: 1))
            return 0; // the next completion makes room
        _sends.Stage(0, signal: false);
        _isNoticePending = false;
        return Post(out _);
    }

    /// <summary>Asks for the completion of all sends, where none is going to say it.</summary>
    public void Finish()
    {
        if (_sends is not { HasUnsignalledTail: true } || !_sends.TryClaim(0, keep: 0))
            return;
        _sends.Stage(0, signal: true);
        Post(out _);
    }

    public void SendCompleted(ushort number) => _sends?.Completed(number);

    /// <summary>A receive has completed.</summary>
    public bool ReceiveCompleted(int slot) => _receives is { } receives && receives.Completed(slot);

    /// <summary>Reads a received message.</summary>
    /// <param name="slot">Where it is.</param>
    /// <param name="length">Its length.</param>
    /// <param name="frame">The frame; empty for a notice.</param>
    /// <returns>Null, or how the peer violated the framing.</returns>
    public string? Read(int slot, uint length, out Span<byte> frame)
    {
        frame = default;
        if (length < RdmaSizes.PrefixLength || length > RdmaSizes.PrefixLength + _sizes.MaxFrameSize)
            return $"received a message of {length} bytes";
        Span<byte> message = _receives!.Message(slot, length);
        uint handled = BinaryPrimitives.ReadUInt32LittleEndian(message);
        if (handled - _handledByPeer > _sent - _handledByPeer)
            return "the peer claims to have handled more frames than were sent";
        _handledByPeer = handled;
        frame = message[RdmaSizes.PrefixLength..];
        return null;
    }

    /// <summary>The message in a slot has been handled.</summary>
    public void Return(int slot, bool isFrame)
    {
        _receives!.Return(slot);
        if (isFrame)
            _handled++;
    }

    /// <summary>Ends the connection on the wire; all work requests complete.</summary>
    public void Disconnect() => RdmaCm.Disconnect(Id.View);

    public void Dispose()
    {
        if (Id.IsClosed)
            return;
        Id.Dispose();
        _sends?.Dispose();
        _receives?.Dispose();
        _slab.Return(_memory);
    }

    private int PostReceives() => _receives!.HasWaiting ? _receives.Post(Id.View->QueuePair) : 0;

    private int Establish(ReadOnlySpan<byte> opening, bool accepts)
    {
        fixed (byte* data = opening)
        {
            RdmaCm.ConnectionParameters parameters = new()
            {
                Data = data,
                DataLength = (byte)opening.Length,
                RetryCount = Retries,
                ReceiverNotReadyRetryCount = ReceiverNotReadyRetries,
            };
            int result = accepts ? RdmaCm.Accept(Id.View, &parameters) : RdmaCm.Connect(Id.View, &parameters);
            return result == 0 ? 0 : LibC.LastError;
        }
    }

    private int SetTimer()
    {
        IbVerbs.QueuePairAttributes attributes = new() { ReceiverNotReadyTimer = ReceiverNotReadyTimer };
        return IbVerbs.ModifyQueuePair(Id.View->QueuePair, &attributes, IbVerbs.IBV_QP_MIN_RNR_TIMER);
    }
}
