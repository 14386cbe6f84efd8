namespace Tarantool.Client.Protocol;

/// <summary>Decodes the body map of a response.</summary>
internal static class BodyReader
{
    /// <param name="body">The encoded body.</param>
    /// <param name="decoder">Takes the values of its keys.</param>
    /// <param name="memory">How many bytes the decoded values may take.</param>
    /// <exception cref="TarantoolProtocolException">
    /// The body is malformed; the caller must close the connection.
    /// </exception>
    /// <exception cref="TarantoolDataException">
    /// The body is well formed, but its data is not what the reading code expects.
    /// </exception>
    public static TResult Decode<TDecoder, TResult>(
        ReadOnlyMemory<byte> body,
        TDecoder decoder,
        long memory = long.MaxValue
    )
        where TDecoder : struct, IResponseDecoder<TResult>
    {
        try
        {
            // Some server versions omit the body where others send an empty map.
            if (!body.IsEmpty)
            {
                TarantoolReader reader = new(body, memory);
                for (int left = reader.ReadMapHeader(); left > 0; left--)
                {
                    if (!decoder.TryDecode(reader.ReadKey(), ref reader))
                        reader.SkipAny();
                }

                if (!reader.End)
                    throw new TarantoolProtocolException("A frame contains bytes after the end of its body.");
            }

            return decoder.Result;
        }
        catch (Exception exception)
            when (Malformed.Is(exception) || (exception is not TarantoolException && !IsWellFormed(body)))
        {
            throw Malformed.Body(exception);
        }
    }

    /// <summary>
    /// Distinguishes exceptions caused by malformed bytes from those thrown by the user's reading code: only the latter
    /// leave the connection usable.
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
