using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

public sealed class ThreadTests
{
    private static readonly Dictionary<string, Action<ForwardLoop, LoopTimer>> s_members = new()
    {
        ["DoWork"] = (loop, _) => loop.DoWork(),
        ["Idle"] = (loop, _) => loop.Idle(1),
        ["Sleep"] = (loop, _) => loop.Sleep(0),
        ["Run"] = (loop, _) => loop.Run(new CancellationToken(canceled: true)),
        ["Add source"] = (loop, _) => loop.Add(new ScriptedSource()),
        ["Remove source"] = (loop, _) => loop.Remove(new ScriptedSource()),
        ["Add flush"] = (loop, _) => loop.Add(new ScriptedFlush(() => { })),
        ["Remove flush"] = (loop, _) => loop.Remove(new ScriptedFlush(() => { })),
        ["Set"] = (_, timer) => timer.SetAt(1),
        ["SetAfter"] = (_, timer) => timer.SetAfter(1),
        ["Cancel"] = (_, timer) => timer.Cancel(),
        ["VerifyAccess"] = (loop, _) => loop.VerifyAccess(),
    };

    private static IEnumerable<string> Members => s_members.Keys;

    [TestCaseSource(nameof(Members))]
    public void A_call_from_another_thread_throws_and_names_Post(string member)
    {
        using ForwardLoop loop = new();
        LoopTimer timer = loop.CreateTimer(() => { });
        loop.DoWork(); // binds the loop to this thread

        Assert.That(
            () => Eventually.RunsOnOtherThread(() => s_members[member](loop, timer)),
            Throws.InvalidOperationException.With.Message.Contains("ForwardLoop.Post")
        );
    }

    [TestCaseSource(nameof(Members))]
    public void Right_after_Start_the_starting_thread_is_rejected(string member)
    {
        for (int i = 0; i < 20; i++)
        {
            using ForwardLoop loop = new();
            LoopTimer timer = loop.CreateTimer(() => { });
            loop.Start();
            Assert.That(
                () => s_members[member](loop, timer),
                Throws.InvalidOperationException.With.Message.Contains("ForwardLoop.Post")
            );
        }
    }

    [TestCase("DoWork")]
    [TestCase("Idle")]
    [TestCase("Sleep")]
    [TestCase("Run")]
    public void A_callback_cannot_recurse_into_the_loop(string member)
    {
        using ForwardLoop loop = new();
        LoopTimer timer = loop.CreateTimer(() => { });
        Exception? seen = null;
        loop.Post(() => seen = Assert.Catch(() => s_members[member](loop, timer)));

        loop.DoWork();

        Assert.That(seen, Is.InstanceOf<InvalidOperationException>().With.Message.Contains("does not recurse"));
        Assert.That(loop.DoWork(), Is.Zero, "the loop still works");
    }

    [Test]
    public void Any_thread_may_configure_an_unbound_loop()
    {
        using ForwardLoop loop = new();
        using ScriptedSource source = new();
        Eventually.RunsOnOtherThread(() => loop.Add(source));
        loop.DoWork();
        Assert.That(source.Polls, Is.EqualTo(1));
    }

    [Test]
    public void After_its_thread_has_ended_another_thread_may_dispose_the_loop()
    {
        using ForwardLoop loop = new();
        using ScriptedSource source = new(withSignal: true);
        loop.Add(source);
        loop.Start();
        Eventually.Ends(loop.StopAsync(), "the loop");
        Assert.That(() => loop.Remove(source), Throws.Nothing);
    }
}
