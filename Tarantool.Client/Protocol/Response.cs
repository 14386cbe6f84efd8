namespace Tarantool.Client.Protocol;

/// <summary>An answer, still encoded. The request that awaited it decodes it on its own thread and disposes it once.</summary>
internal readonly struct Response(Frame frame, FrameHeader header) : IDisposable
{
    public FrameHeader Header { get; } = header;

    public ReadOnlyMemory<byte> Body => frame.Memory[Header.BodyOffset..];

    public bool IsError => (Header.Type & ResponseType.ErrorFlag) != 0;

    /// <summary>The server's error code, if it is an error.</summary>
    public uint ErrorCode => Header.Type & ~ResponseType.ErrorFlag;

    public void Dispose() => frame.Return();
}
