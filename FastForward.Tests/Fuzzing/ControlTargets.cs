using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using static FastForward.Tests.Fuzzing.FuzzTargets;

namespace FastForward.Tests.Fuzzing;

/// <summary>Both directions of the control socket.</summary>
internal static class ControlTargets
{
    private static readonly ControlAnswer[] s_answers =
    [
        new() { Node = 7, Error = ControlError.BusyPinging },
        new() { Node = 7, Health = new HealthReport("degraded", ["node 8 is absent"], [8]) },
        new() { Node = 7, Reply = new PingReply(1, PingReply.Answered, true, 123, 4, "FORWARD_TRANSPORT_IP") },
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new(
            "request",
            [
                Bytes("""{"command":"stat"}"""),
                Bytes("""{"version":1,"command":"health"}"""),
                Bytes("""{"command":"ping","node":7,"count":3,"intervalMillis":100,"timeoutMillis":50,"size":9}"""),
            ],
            ReadRequest,
            Bytes("null"),
            Bytes("-1"),
            Bytes("1e9"),
            Bytes("{}"),
            Bytes("[")
        ),
        new(
            "answer",
            [
                .. s_answers.Select(static one =>
                    JsonSerializer.SerializeToUtf8Bytes(one, ControlJson.Default.ControlAnswer)
                ),
            ],
            ReadAnswer,
            Bytes("null"),
            Bytes("[]"),
            Bytes("{}"),
            Bytes("99999999999999999999")
        ),
    ];

    private static bool ReadRequest(byte[] input)
    {
        bool isUnderstood = ControlConnection.TryUnderstand(input, out ControlRequest request, out ControlError? error);
        FuzzTarget.Require(isUnderstood == error is null, "a request is understood or refused");
        if (error is not null)
            FuzzTarget.Require(
                error is { Code: ControlError.BadRequest, Message.Length: > 0 },
                "a refusal has a reason"
            );
        else
            FuzzTarget.Require(request.Command is "stat" or "health" or "ping", "the command is known");
        return isUnderstood;
    }

    private static bool ReadAnswer(byte[] input)
    {
        ControlAnswer answer;
        try
        {
            answer = AnswerReader.Parse(input);
        }
        catch (InvalidDataException)
        {
            return false;
        }

        byte[] written = JsonSerializer.SerializeToUtf8Bytes(answer, ControlJson.Default.ControlAnswer);
        byte[] again = JsonSerializer.SerializeToUtf8Bytes(
            AnswerReader.Parse(written),
            ControlJson.Default.ControlAnswer
        );
        FuzzTarget.RequireEqual(again, written, "an answer is kept");
        return true;
    }
}
