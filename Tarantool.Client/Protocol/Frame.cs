using System.Buffers;
using Nerdbank.MessagePack;

namespace Tarantool.Client.Protocol;

/// <summary>
/// One frame from the server, without its size prefix, in a pooled buffer. The owner must return it exactly once.
/// </summary>
/// <param name="Buffer">The pooled buffer; may be longer than the frame.</param>
/// <param name="Length">The length of the frame in bytes.</param>
internal readonly record struct Frame(byte[] Buffer, int Length)
{
    public ReadOnlyMemory<byte> Memory => Buffer.AsMemory(0, Length);

    public void Return() => ArrayPool<byte>.Shared.Return(Buffer);

    /// <summary>Reads the header map and determines where the body starts.</summary>
    /// <exception cref="TarantoolProtocolException">The header is malformed or has no type.</exception>
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
        catch (Exception exception) when (Malformed.Is(exception) || exception is OverflowException)
        {
            throw Malformed.Header(exception);
        }
    }
}

/// <summary>The header of a frame.</summary>
/// <param name="Type">See <see cref="ResponseType"/>.</param>
/// <param name="Sync">The sync of the request.</param>
/// <param name="SchemaVersion">The server's schema version, or 0 if the header has none.</param>
/// <param name="BodyOffset">The offset of the body in the frame.</param>
internal readonly record struct FrameHeader(uint Type, ulong Sync, uint SchemaVersion, int BodyOffset);
