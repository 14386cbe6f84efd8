namespace Tarantool.Client.Protocol;

/// <summary>An encoded response. Decoded on the awaiting thread; must be disposed exactly once.</summary>
internal readonly struct Response(Frame frame, FrameHeader header) : IDisposable
{
    public FrameHeader Header { get; } = header;

    public ReadOnlyMemory<byte> Body => frame.Memory[Header.BodyOffset..];

    public bool IsError => (Header.Type & ResponseType.ErrorFlag) != 0;

    /// <summary>The server's error code; valid if <see cref="IsError"/>.</summary>
    public uint ErrorCode => Header.Type & ~ResponseType.ErrorFlag;

    public void Dispose() => frame.Return();
}
