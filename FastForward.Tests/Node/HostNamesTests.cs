using System.Globalization;
using System.Net;
using FastForward.Transport.Node;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

internal sealed class HostNamesTests
{
    private static readonly IPAddress[] s_two = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")];

    [Test]
    public void A_silent_resolver_keeps_a_bounded_number_of_threads_and_no_name_that_was_resolved()
    {
        using SilentResolver resolver = new(threads: 16);
        FakeTimeProvider time = new();
        using LoopDriver driver = new(time);
        HostNames names = new(driver.Loop, resolver.Threads);
        resolver.Addresses["good.example"] = s_two;
        HostEntry good = names.Find("good.example");
        driver.Until(() => good.Addresses.Count == 2, "the name resolved");

        for (int i = 0; i < 300; i++)
            names.Find(string.Create(CultureInfo.InvariantCulture, $"silent{i}.example"));
        driver.Until(() => resolver.Blocked == 14, "seven of eight threads blocked");

        time.Advance(TimeSpan.FromMinutes(1));
        driver.Cycle();
        resolver.Addresses["good.example"] = [s_two[1]];
        names.Find("good.example");
        driver.Until(() => good.Addresses.Count == 1, "the name resolved again");
        Assert.That(resolver.MostBlocked, Is.EqualTo(14));
        HostEntry silent = names.Find("silent0.example");
        Assert.That(silent.IsAwaitedAt(driver.Loop.NowMicros), Is.False);
        Assert.That(silent.WhyNone, Does.Contain("did not answer within 5 s"));
    }

    [Test]
    public void Names_whose_lookup_was_slow_get_half_of_the_threads()
    {
        using SilentResolver resolver = new(threads: 16);
        for (int i = 0; i < 40; i++)
            resolver.Threads.Start("silent.example", LookupRank.Slow, static _ => { });
        Eventually.True(() => resolver.Blocked == 8, () => $"{resolver.Blocked} of 8 threads blocked");
        TaskCompletionSource<LookupResult> other = new();
        resolver.Addresses["new.example"] = s_two;
        resolver.Threads.Start("new.example", LookupRank.Unknown, result => other.SetResult(result));
        Eventually.Ends(other.Task, "the lookup of the other name");
        Assert.That(other.Task.Result.Addresses, Is.EqualTo(s_two));
        Assert.That(resolver.MostBlocked, Is.EqualTo(8));
    }

    [Test]
    public void A_thread_that_cannot_be_started_fails_the_lookup_and_takes_no_place()
    {
        bool isFull = true;
        LookupThreads threads = new(
            static _ => s_two,
            limit: 1,
            thread =>
            {
                if (isFull)
                    throw new InvalidOperationException("no thread on purpose");
                thread.Start();
            }
        );
        List<LookupResult> failures = [];
        threads.Start("node7.example", LookupRank.Unknown, failures.Add);
        Assert.That(failures.Single().Failure, Does.Contain("no thread on purpose"));

        isFull = false;
        TaskCompletionSource<LookupResult> second = new();
        threads.Start("node7.example", LookupRank.Unknown, second.SetResult);
        Eventually.Ends(second.Task, "the second lookup");
        Assert.That(second.Task.Result.Addresses, Is.EqualTo(s_two));
        Assert.That(failures, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_name_is_looked_up_once_for_all_who_ask_and_its_old_addresses_outlive_a_failure()
    {
        using SilentResolver resolver = new();
        FakeTimeProvider time = new();
        using LoopDriver driver = new(time);
        HostNames names = new(driver.Loop, resolver.Threads);
        resolver.Addresses["node7.example"] = s_two;
        HostEntry entry = names.Find("node7.example");
        Assert.That(names.Find("NODE7.example"), Is.SameAs(entry));
        driver.Until(() => entry.Addresses.Count == 2, "the name resolved");
        names.Find("node7.example");
        Assert.That(resolver.Calls, Has.Count.EqualTo(1));
        Assert.That(entry.Addresses, Is.EqualTo(s_two));

        resolver.Addresses.Clear();
        time.Advance(TimeSpan.FromMinutes(1));
        driver.Cycle();
        names.Find("node7.example");
        driver.Until(() => resolver.Blocked == 1, "the second lookup hangs");
        names.Find("node7.example");
        Assert.That((entry.IsPending, entry.Addresses), Is.EqualTo((true, (IReadOnlyList<IPAddress>)s_two)));
        resolver.Dispose();
        driver.Until(() => !entry.IsPending, "the second lookup failed");
        Assert.That((entry.Failure, entry.Addresses), Is.EqualTo(("released", (IReadOnlyList<IPAddress>)s_two)));
        Assert.That(resolver.Calls, Has.Count.EqualTo(2));
    }
}
