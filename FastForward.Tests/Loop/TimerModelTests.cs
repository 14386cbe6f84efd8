using CsCheck;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

/// <summary>
/// Random sets, cancellations and cycles, compared with a sorted list. CsCheck prints the seed of a failure.
/// </summary>
public sealed class TimerModelTests
{
    private const int Timers = 24;

    private enum Kind
    {
        Set,
        Cancel,
        Cycle,
    }

    [Test]
    public void Timers_fire_as_a_sorted_list_would()
    {
        Gen<(Kind Kind, int Timer, int Amount)> operation = Gen.Select(
            Gen.Frequency((6, Gen.Const(Kind.Set)), (2, Gen.Const(Kind.Cancel)), (3, Gen.Const(Kind.Cycle))),
            Gen.Int[0, Timers - 1],
            Gen.Int[0, 60]
        );
        operation.List[0, 200].Sample(Check, iter: 1000);
    }

    private static void Check(List<(Kind Kind, int Timer, int Amount)> operations)
    {
        FakeTimeProvider time = new();
        using ForwardLoop loop = new(time: time);
        List<int> fired = [];
        LoopTimer[] timers =
        [
            .. Enumerable.Range(0, Timers).Select(number => loop.CreateTimer(() => fired.Add(number))),
        ];
        List<(long Due, int Order, int Timer)> model = [];
        int order = 0;
        foreach ((Kind kind, int timer, int amount) in operations)
        {
            switch (kind)
            {
                case Kind.Set:
                    timers[timer].SetAt(loop.NowMicros + amount - 10); // sometimes in the past
                    model.RemoveAll(entry => entry.Timer == timer);
                    model.Add((loop.NowMicros + amount - 10, order++, timer));
                    break;
                case Kind.Cancel:
                    timers[timer].Cancel();
                    model.RemoveAll(entry => entry.Timer == timer);
                    break;
                default:
                    time.Advance(TimeSpan.FromMicroseconds(amount));
                    loop.DoWork();
                    List<(long Due, int Order, int Timer)> due =
                    [
                        .. model.Where(entry => entry.Due <= loop.NowMicros).Order(),
                    ];
                    model.RemoveAll(due.Contains);
                    if (!fired.SequenceEqual(due.Select(entry => entry.Timer)))
                        Assert.That(fired, Is.EqualTo(due.Select(entry => entry.Timer)));
                    fired.Clear();
                    break;
            }

            // Plain comparison first: a constraint per timer would take most of the test's time.
            if (timers[timer].IsSet != model.Exists(entry => entry.Timer == timer))
                Assert.Fail($"timer {timer}: IsSet is {timers[timer].IsSet}");
            long next = model.Count == 0 ? long.MaxValue : model.Min().Due;
            if (loop.Timers.NextDue != next)
                Assert.That(loop.Timers.NextDue, Is.EqualTo(next));
        }
    }
}
