using System.Buffers;
using Nerdbank.MessagePack;

namespace Tarantool.Client.Protocol;

/// <summary>One frame from the server, without its size prefix, in a pooled buffer. Whoever holds it returns it once.</summary>
/// <param name="Buffer">The pooled buffer.</param>
/// <param name="Length">How many bytes of it belong to the frame.</param>
internal readonly record struct Frame(byte[] Buffer, int Length)
{
    public ReadOnlyMemory<byte> Memory => Buffer.AsMemory(0, Length);

    public void Return() => ArrayPool<byte>.Shared.Return(Buffer);

    /// <summary>Reads the header map and finds where the body starts.</summary>
    /// <exception cref="TarantoolProtocolException">The header is malformed or lacks its type.</exception>
    public FrameHeader ReadHeader()
    {
        try
        {
            MessagePackReader reader = new(Memory);
            uint? type = null;
            ulong sync = 0;
            uint schemaVersion = 0;
            for (int left = reader.ReadMapHeader(); left > 0; left--)
            {
                switch (reader.ReadUInt32())
                {
                    case IprotoKey.RequestType:
                        type = reader.ReadUInt32();
                        break;
                    case IprotoKey.Sync:
                        sync = reader.ReadUInt64();
                        break;
                    case IprotoKey.SchemaVersion:
                        schemaVersion = reader.ReadUInt32();
                        break;
                    default:
                        Skipper.Skip(ref reader);
                        break;
                }
            }

            if (type is not { } known)
                throw new TarantoolProtocolException("The header of a frame has no type.");
            return new FrameHeader(known, sync, schemaVersion, (int)reader.Consumed);
        }
        catch (Exception e) when (Malformed.Is(e) || e is OverflowException)
        {
            throw Malformed.Header(e);
        }
    }
}

/// <summary>The header of a frame.</summary>
/// <param name="Type">See <see cref="ResponseType"/>.</param>
/// <param name="Sync">The request that is answered.</param>
/// <param name="SchemaVersion">The server's schema version, or 0 if it was not said.</param>
/// <param name="BodyOffset">Where the body starts in the frame.</param>
internal readonly record struct FrameHeader(uint Type, ulong Sync, uint SchemaVersion, int BodyOffset);
