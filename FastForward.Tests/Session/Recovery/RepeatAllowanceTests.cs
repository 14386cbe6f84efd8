using FastForward.Transport.Session;

namespace FastForward.Tests.Session.Recovery;

/// <summary>How many bytes may be sent again.</summary>
[TestFixture]
public sealed class RepeatAllowanceTests
{
    private const int Burst = 4_400;

    [TestCase(10)]
    [TestCase(120)]
    [TestCase(200)]
    public void What_is_sent_again_is_the_share_and_one_burst(int percent)
    {
        RepeatAllowance allowance = new();
        Random random = new(percent);
        long fresh = 0;
        long again = 0;
        for (int i = 0; i < 50_000; i++)
        {
            int length = random.Next(1, 1_101);
            fresh += length;
            allowance.Earn(length, percent);
            for (int repeat = 0; repeat < 3; repeat++)
                again += allowance.TryUse(length) ? length : 0;
            // The last message may use more than was left.
            Assert.That(again, Is.LessThanOrEqualTo(Burst + 1_100 + (fresh * percent / 100)));
        }

        Assert.That(again, Is.GreaterThan(fresh * percent / 100 * 0.98), "all of it can be used");
    }

    [Test]
    public void What_is_not_used_does_not_grow()
    {
        RepeatAllowance allowance = new();
        for (int i = 0; i < 10_000; i++)
            allowance.Earn(1_000, 200);
        int used = 0;
        while (allowance.TryUse(100))
            used += 100;
        Assert.That(used, Is.EqualTo(Burst));
    }
}
