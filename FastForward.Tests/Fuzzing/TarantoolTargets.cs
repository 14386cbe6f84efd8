using System.Buffers;
using FastForward.Tests.Tarantool;
using Tarantool.Client;
using Tarantool.Client.Protocol;
using static FastForward.Tests.Fuzzing.FuzzTargets;

namespace FastForward.Tests.Fuzzing;

/// <summary>What a Tarantool server sends, and the addresses of servers.</summary>
internal static class TarantoolTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("greeting", [Frames.Greeting], ReadGreeting),
        new(
            "iproto",
            [
                [.. Frames.Ok(1, 2, "text", TarantoolTuple.Create(1, 2.5, true)), .. Frames.Done(2)],
                Frames.Error(3, 42, "no such space"),
                Frames.Push(4, "a value"),
                Frames.Event("box.status", Frames.Map(("is_ro", false))),
                Frames.Id(5),
            ],
            ReadFrames
        ),
        new("value", [.. Values.Select(Write)], ReadValue),
        new(
            "tarantool-address",
            [
                Bytes("localhost:3301"),
                Bytes("tarantool://user:pass%20word@[::1]:3301/"),
                Bytes("user@unix/:/run/tarantool/a.sock"),
                Bytes("192.0.2.7"),
            ],
            ReadAddress
        ),
    ];

    private static TarantoolValue[] Values =>
        [
            TarantoolValue.Nil,
            -1,
            ulong.MaxValue,
            1.5,
            "text",
            new byte[] { 1, 2 },
            Guid.Empty,
            12.5m,
            DateTimeOffset.UnixEpoch,
            TarantoolTuple.Create(1, TarantoolTuple.Create("a", true)),
            Frames.Map(("key", 1), (2, "b")),
        ];

    private static bool ReadGreeting(byte[] input)
    {
        try
        {
            FuzzTarget.Require(Greeting.Parse(input).Salt.Length == 20, "the salt has 20 bytes");
            return true;
        }
        catch (TarantoolProtocolException)
        {
            return false;
        }
    }

    private static bool ReadFrames(byte[] input)
    {
        using FrameReader reader = new(1 << 16);
        ReadOnlySequence<byte> rest = new(input);
        try
        {
            int frames = 0;
            while (reader.TryRead(ref rest, out Frame frame))
            {
                try
                {
                    Response response = new(frame, frame.ReadHeader());
                    BodyDecoding.EveryWay(response.Body.ToArray());
                    frames++;
                }
                finally
                {
                    frame.Return();
                }
            }

            return frames > 0;
        }
        catch (TarantoolProtocolException)
        {
            return false;
        }
    }

    // What is read is written, and then read as the same.
    private static bool ReadValue(byte[] input)
    {
        TarantoolValue value;
        try
        {
            TarantoolReader reader = new(input);
            value = reader.ReadAny();
        }
        catch (Exception exception)
            when (exception is TarantoolException or OverflowException || Malformed.Is(exception))
        {
            // Bodies of responses turn all of these into the first.
            return false;
        }

        TarantoolReader again = new(Write(value));
        FuzzTarget.Require(again.ReadAny() == value && again.End, $"{value} is written and read");
        return true;
    }

    private static bool ReadAddress(byte[] input)
    {
        try
        {
            FuzzTarget.Require(TarantoolClientOptions.Parse(Text(input)).EndPoints.Count > 0, "it has an end point");
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static byte[] Write(TarantoolValue value)
    {
        using FrameBuffer buffer = new();
        TarantoolWriter writer = new(buffer);
        writer.Write(value);
        writer.Flush();
        return buffer.Span.ToArray();
    }
}
