using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Node;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

/// <summary>The rate limits of the log: flapping peers, and unknown nodes with forged ids.</summary>
[TestFixture]
public sealed class PeerEventLogTests
{
    private readonly FakeTimeProvider _time = new();
    private CollectingLogger<ForwardNode> _log = null!;
    private ForwardLoop _loop = null!;
    private PeerEventLog _events = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CollectingLogger<ForwardNode>();
        _loop = new ForwardLoop(time: _time);
        _events = new PeerEventLog(_loop, _log);
        _loop.DoWork();
    }

    [TearDown]
    public void TearDown()
    {
        _loop.Dispose();
        _log.Dispose();
    }

    [Test]
    public void A_flapping_peer_logs_ten_lines_then_one_per_ten_seconds_with_the_last_state()
    {
        for (int i = 0; i < 500; i++)
            Flap(1);
        Assert.That(_log.Entries, Has.Count.EqualTo(10));
        Notify(2, PeerEventKind.Connected);
        Assert.That(_log.Entries, Has.Count.EqualTo(11), "another peer has its own share");
        Pass(10);
        Assert.That(
            _log.TextsOf(1104),
            Is.EqualTo(new[] { "990 events were not logged individually; the last: node 1: Connected: test" })
        );
        Assert.That(_log.Entries[^1].Level, Is.EqualTo(LogLevel.Warning), "there was trouble among them");
        for (int i = 0; i < 500; i++)
            Flap(1);
        Assert.That(_log.Entries, Has.Count.EqualTo(12), "it goes on: no lines of their own");
        Pass(10);
        Assert.That(_log.TextsOf(1104).Count(), Is.EqualTo(1), "the window has doubled");
        Pass(10);
        Assert.That(_log.TextsOf(1104).Last(), Does.StartWith("1000 events"));
        Pass(40);
        Notify(1, PeerEventKind.Lost);
        Assert.That(_log.Entries[^1].Id, Is.EqualTo(1103), "calm again: each event has its line");
    }

    [Test]
    public void A_peer_that_flaps_all_day_logs_a_line_in_ten_minutes()
    {
        for (int i = 0; i < 86_400; i++)
        {
            Flap(1);
            Pass(1);
        }

        Assert.That(_log.Entries, Has.Count.InRange(100, 200));
    }

    [Test]
    public void Unknown_nodes_share_one_limit()
    {
        for (uint node = 1000; node < 2000; node++)
            Notify(node, PeerEventKind.NotConfigured);
        Assert.That(_log.Entries, Has.Count.EqualTo(10));
        Notify(7, PeerEventKind.Connected);
        Assert.That(_log.Entries, Has.Count.EqualTo(11));
        Pass(10);
        Assert.That(_log.TextsOf(1104).Single(), Does.StartWith("990 events").And.Contains("node 1999"));
    }

    [Test]
    public void Held_back_events_are_logged_at_the_end()
    {
        for (int i = 0; i < 6; i++)
            Flap(1);
        _events.Close();
        Assert.That(_log.TextsOf(1104).Single(), Does.StartWith("2 events"));
    }

    private void Flap(uint node)
    {
        Notify(node, PeerEventKind.Lost);
        Notify(node, PeerEventKind.Connected);
    }

    private void Notify(uint node, PeerEventKind kind) =>
        _events.Add(new PeerEvent(node, kind, null, "test"), kind == PeerEventKind.Connected);

    private void Pass(int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        _loop.DoWork();
    }
}
