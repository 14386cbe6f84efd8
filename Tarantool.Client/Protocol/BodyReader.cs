namespace Tarantool.Client.Protocol;

/// <summary>Walks over the body map of an answer.</summary>
internal static class BodyReader
{
    /// <exception cref="TarantoolProtocolException">The body is malformed: nothing from this connection can be trusted.</exception>
    /// <exception cref="TarantoolDataException">The body is well formed, but its data is not what the reading code expects.</exception>
    public static TResult Decode<TDecoder, TResult>(ReadOnlyMemory<byte> body, TDecoder decoder)
        where TDecoder : struct, IResponseDecoder<TResult>
    {
        try
        {
            // Some versions leave the body out where others send an empty map.
            if (!body.IsEmpty)
            {
                TarantoolReader reader = new(body);
                for (int left = reader.ReadMapHeader(); left > 0; left--)
                {
                    if (!decoder.TryDecode(reader.ReadKey(), ref reader))
                        reader.SkipAny();
                }

                if (!reader.End)
                    throw new TarantoolProtocolException("A frame goes on after the end of its body.");
            }

            return decoder.Result;
        }
        catch (Exception e) when (Malformed.Is(e) || (e is not TarantoolException && !IsWellFormed(body)))
        {
            throw Malformed.Body(e);
        }
    }

    /// <summary>
    /// Tells an exception that bad bytes caused from one that the user's reading code threw by itself: only the
    /// latter leaves the connection usable.
    /// </summary>
    private static bool IsWellFormed(ReadOnlyMemory<byte> body)
    {
        try
        {
            TarantoolReader reader = new(body);
            reader.SkipAny();
            return reader.End;
        }
        catch (Exception)
        {
            return false;
        }
    }
}
