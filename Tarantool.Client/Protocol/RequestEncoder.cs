using System.Buffers.Binary;

namespace Tarantool.Client.Protocol;

/// <summary>
/// Encodes a request into one frame. The header has a fixed layout, so that the sync can be set after the body was
/// encoded: user code that writes a tuple runs before the request is registered, and an exception there has no effect
/// on the connection.
/// </summary>
internal static class RequestEncoder
{
    // ce <size:4>  8x  00 <type>  01 cf <sync:8>  [05 ce <schema version:4>]
    private const int PrefixSize = 5;
    private const int SyncOffset = PrefixSize + 1 + 2 + 2;
    private const int HeaderSize = SyncOffset + sizeof(ulong);
    private const byte FixMap = 0x80;
    private const byte UInt32Code = 0xce;
    private const byte UInt64Code = 0xcf;

    /// <summary>Encodes everything but the sync.</summary>
    /// <param name="buffer">An empty buffer.</param>
    /// <param name="type">The request type.</param>
    /// <param name="body">Writes the body map.</param>
    /// <param name="ids">The resolved space and index; a schema version other than 0 goes into the header.</param>
    public static void Encode<TBody>(FrameBuffer buffer, RequestType type, in TBody body, in TargetIds ids)
        where TBody : struct, IRequestBody
    {
        Span<byte> header = buffer.GetSpan(HeaderSize + 6);
        header[0] = UInt32Code;
        header[PrefixSize] = (byte)(FixMap + (ids.SchemaVersion == 0 ? 2 : 3));
        header[PrefixSize + 1] = IprotoKey.RequestType;
        header[PrefixSize + 2] = (byte)type;
        header[PrefixSize + 3] = IprotoKey.Sync;
        header[PrefixSize + 4] = UInt64Code;
        int length = HeaderSize;
        if (ids.SchemaVersion != 0)
        {
            header[length] = IprotoKey.SchemaVersion;
            header[length + 1] = UInt32Code;
            BinaryPrimitives.WriteUInt32BigEndian(header[(length + 2)..], ids.SchemaVersion);
            length += 6;
        }

        buffer.Advance(length);
        TarantoolWriter writer = new(buffer);
        body.Write(ref writer, in ids);
        writer.Flush();
        BinaryPrimitives.WriteUInt32BigEndian(buffer.Span[1..], (uint)(buffer.Length - PrefixSize));
    }

    public static void SetSync(FrameBuffer buffer, ulong sync) =>
        BinaryPrimitives.WriteUInt64BigEndian(buffer.Span[SyncOffset..], sync);
}
