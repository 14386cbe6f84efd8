using System.Buffers.Binary;
using System.Text;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Encodes frames sent by a server.</summary>
internal static class Frames
{
    public static readonly byte[] Greeting = MakeGreeting(
        "Tarantool 2.11.0 (Binary) 01234567-89ab-cdef-0123-456789abcdef"
    );

    public static byte[] MakeGreeting(string firstLine) =>
        Encoding.ASCII.GetBytes(
            firstLine.PadRight(63) + "\n" + Convert.ToBase64String(new byte[32]).PadRight(63) + "\n"
        );

    /// <summary>A frame with a header and, unless it is nil, a body.</summary>
    public static byte[] Make(uint type, ulong sync, TarantoolValue body, uint schemaVersion = 1)
    {
        using FrameBuffer buffer = new();
        buffer.Append([0xce, 0, 0, 0, 0]);
        TarantoolWriter writer = new(buffer);
        writer.Write(
            Map((IprotoKey.RequestType, type), (IprotoKey.Sync, sync), (IprotoKey.SchemaVersion, schemaVersion))
        );
        if (!body.IsNil)
            writer.Write(body);
        writer.Flush();
        BinaryPrimitives.WriteUInt32BigEndian(buffer.Span[1..], (uint)buffer.Length - 5);
        return buffer.Span.ToArray();
    }

    public static byte[] Ok(ulong sync, params TarantoolValue[] data) =>
        Make(ResponseType.Ok, sync, Map((IprotoKey.Data, TarantoolTuple.Create(data))));

    /// <summary>A response without data, for example to a ping.</summary>
    public static byte[] Done(ulong sync) => Make(ResponseType.Ok, sync, Map());

    public static byte[] Error(ulong sync, int code, string text) =>
        Make(ResponseType.ErrorFlag | (uint)code, sync, Map((IprotoKey.ErrorText, text)));

    public static byte[] Push(ulong sync, TarantoolValue value) =>
        Make(ResponseType.Chunk, sync, Map((IprotoKey.Data, TarantoolTuple.Create(value))));

    public static byte[] Event(string key, TarantoolValue value) =>
        Make(ResponseType.Event, 0, Map((IprotoKey.EventKey, key), (IprotoKey.EventData, value)));

    /// <summary>The response to the ID request of a server of version 2.10, or 3.0 with WATCH_ONCE.</summary>
    public static byte[] Id(ulong sync, bool watchOnce = false) =>
        Make(
            ResponseType.Ok,
            sync,
            watchOnce
                ? Map((IprotoKey.Version, 6), (IprotoKey.Features, TarantoolTuple.Create(0, 1, 2, 3, 4, 5, 6)))
                : Map((IprotoKey.Version, 3), (IprotoKey.Features, TarantoolTuple.Create(0, 1, 2, 3, 4)))
        );

    public static TarantoolValue Map(params (TarantoolValue Key, TarantoolValue Value)[] pairs) =>
        pairs.ToDictionary(pair => pair.Key, pair => pair.Value);
}
