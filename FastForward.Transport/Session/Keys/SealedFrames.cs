using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session.Keys;

/// <summary>
/// Seals the DATA frames of a path: header authenticated, elements encrypted. Holds up to three generations of keys:
/// the current one, the former one, whose frames may still be on the way, and the next one, until the peer uses it.
/// </summary>
internal sealed class SealedFrames(FrameKeys first) : IFrameProtection, IDisposable
{
    private FrameKeys _current = first;
    private FrameKeys? _former;
    private FrameKeys? _next;

    public int Overhead => AeadKey.TagLength;

    public FrameKeys Current => _current;

    /// <summary>A frame of the current keys has arrived.</summary>
    public bool IsCurrentSeen { get; private set; }

    /// <summary>Frames of the former keys are accepted.</summary>
    public bool HasFormer => _former is not null;

    /// <summary>How many times the keys have been replaced.</summary>
    public int Replacements { get; private set; }

    public void Seal(Span<byte> frame, ulong packetNumber)
    {
        frame[WireFormat.Generation] = _current.Generation;
        Span<byte> content = frame[WireFormat.DataHeader..];
        _current.Send.Seal(
            content[..^AeadKey.TagLength],
            content[^AeadKey.TagLength..],
            frame[..WireFormat.DataHeader],
            packetNumber
        );
    }

    public bool TryOpen(Span<byte> frame, ulong packetNumber)
    {
        byte generation = frame[WireFormat.Generation];
        FrameKeys? keys =
            generation == _current.Generation ? _current
            : generation == _next?.Generation ? _next
            : generation == _former?.Generation ? _former
            : null;
        if (keys is null)
            return false;
        Span<byte> content = frame[WireFormat.DataHeader..];
        if (
            !keys.Receive.TryOpen(
                content[..^AeadKey.TagLength],
                content[^AeadKey.TagLength..],
                frame[..WireFormat.DataHeader],
                packetNumber
            )
        )
            return false;
        if (ReferenceEquals(keys, _next))
            Use(keys);
        IsCurrentSeen |= ReferenceEquals(keys, _current);
        return true;
    }

    /// <summary>The peer may use these keys from now on, and this node does when the peer has.</summary>
    public void Offer(FrameKeys next)
    {
        _next?.Dispose();
        _next = next;
    }

    /// <summary>This node uses these keys from now on.</summary>
    public void Use(FrameKeys keys)
    {
        if (ReferenceEquals(keys, _next))
            _next = null;
        ForgetFormer();
        _former = _current;
        _current = keys;
        IsCurrentSeen = false;
        Replacements++;
    }

    /// <summary>No frame of the former keys is expected any more: they are wiped.</summary>
    public void ForgetFormer()
    {
        _former?.Dispose();
        _former = null;
    }

    public void Dispose()
    {
        _current.Dispose();
        ForgetFormer();
        _next?.Dispose();
        _next = null;
    }
}
