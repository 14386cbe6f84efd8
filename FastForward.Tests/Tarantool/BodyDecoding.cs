using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Decodes bytes as the body of each kind of response.</summary>
internal static class BodyDecoding
{
    public static void EveryWay(byte[] body)
    {
        Decode<NothingDecoder, bool>(body);
        Decode<TuplesDecoder<TarantoolTuple>, TarantoolTuple[]>(body);
        Decode<TuplesDecoder<City>, City[]>(body);
        Decode<FirstTupleDecoder<City>, City?>(body);
        Decode<ValuesDecoder<TarantoolTuple>, TarantoolTuple>(body);
        Decode<SqlDecoder, SqlResult>(body);
        Decode<EventDecoder, (string, TarantoolValue)>(body);
        Decode<IdDecoder, (int, IReadOnlySet<int>)>(body);
        Decode<ErrorDecoder, TarantoolServerException>(body);
    }

    private static void Decode<TDecoder, TResult>(byte[] body)
        where TDecoder : struct, IResponseDecoder<TResult>
    {
        try
        {
            BodyReader.Decode<TDecoder, TResult>(body, default);
        }
        catch (TarantoolException)
        {
            // The documented exceptions are expected; any other fails the test with the bytes that caused it.
        }
    }
}
