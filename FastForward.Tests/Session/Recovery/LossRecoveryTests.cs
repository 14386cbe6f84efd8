using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session.Recovery;

/// <summary>Loss detection by time, probe time-outs and the congestion window, with times of the test.</summary>
[TestFixture]
public sealed class LossRecoveryTests : ILossListener
{
    private const int Size = 1000;
    private const long RoundTrip = 20_000;

    private readonly List<ulong> _arrived = [];
    private readonly List<ulong> _lost = [];
    private PathMeasurement _measurement = new();
    private LossRecovery _recovery = null!;

    [SetUp]
    public void Start()
    {
        _arrived.Clear();
        _lost.Clear();
        _isReliable = false;
        _measurement = new PathMeasurement();
        _recovery = new LossRecovery(Size, _measurement, this);
    }

    void ILossListener.OnAcknowledged(in SentElement element, ulong number) => _arrived.Add(number);

    bool ILossListener.OnLost(long now, in SentElement element, ulong number)
    {
        _lost.Add(number);
        return element.Kind == SentKind.Credit;
    }

    [Test]
    public void An_acknowledgement_measures_the_round_trip_without_the_delay_of_the_remote()
    {
        Send(0);
        Ack(RoundTrip + 3_000, largest: 0, delay: 3_000);
        Assert.That(_measurement.SmoothedRoundTrip, Is.EqualTo(RoundTrip));
        Assert.That(_recovery.InFlight, Is.Zero);
        Assert.That(_recovery.Due, Is.EqualTo(long.MaxValue), "no timer runs without a frame in flight");
    }

    [Test]
    public void A_frame_is_lost_by_time_not_by_the_number_of_frames_after_it()
    {
        for (int i = 0; i < 10; i++)
            Send(i * 100);
        Ack(RoundTrip + 900, largest: 9, bitmap: 0xFF); // all but number 0
        Assert.That(_lost, Is.Empty, "it may only be late");
        Assert.That(_arrived, Is.EquivalentTo(Enumerable.Range(1, 9)));
        long due = _recovery.Due;
        Assert.That(due, Is.InRange(RoundTrip, 2 * RoundTrip));
        _recovery.OnTimeout(due - 1);
        Assert.That(_lost, Is.Empty);
        _recovery.OnTimeout(due);
        Assert.That(_lost, Is.EqualTo(new[] { 0ul }));
        Assert.That(_recovery.InFlight, Is.Zero);
    }

    [Test]
    public void A_late_acknowledgement_shows_how_long_reordering_takes()
    {
        Send(0);
        Send(100);
        Ack(RoundTrip + 100, largest: 1);
        long wait = _recovery.Due;
        _recovery.OnTimeout(wait);
        Assert.That(_lost, Is.EqualTo(new[] { 0ul }));
        Ack(wait + 10_000, largest: 1, bitmap: 1);
        Assert.That(_recovery.Spurious, Is.EqualTo(1));

        long start = Second;
        Send(start);
        Send(start + 100);
        Ack(start + RoundTrip + 100, largest: 3);
        Assert.That(_recovery.Due - start, Is.GreaterThan(wait + 10_000), "waits as long as the last one took");
    }

    [Test]
    public void Without_an_answer_the_oldest_frame_is_sent_again_also_when_the_window_is_full()
    {
        _isReliable = true;
        Ack(Send(0) + RoundTrip, largest: 0);
        long now = Second;
        while (_recovery.MaySend(now))
            Send(now);
        Assert.That(_recovery.InFlight, Is.EqualTo(10 * Size));
        _lost.Clear();
        long due = _recovery.Due;
        _recovery.OnTimeout(due);
        Assert.That(_lost, Is.EqualTo(new[] { 1ul }));
        Assert.That(_recovery.MaySend(due), Is.True, "a probe does not wait for the window");
        Send(due);
        Assert.That(_recovery.MaySend(due), Is.False, "one probe");
        long second = _recovery.Due - due;
        _recovery.OnTimeout(_recovery.Due);
        Assert.That(_recovery.Due - due, Is.GreaterThan(2 * second), "the interval doubles");
    }

    [Test]
    public void A_time_out_passes_over_what_is_not_sent_again()
    {
        for (int i = 0; i < 50; i++)
            Send(i, SentKind.Ack);
        Send(50);
        long due = _recovery.Due;
        _recovery.OnTimeout(due);
        Assert.That(_lost, Is.EqualTo(Enumerable.Range(0, 51)), "the first time-out reaches what matters");
        Assert.That(_recovery.Due, Is.EqualTo(long.MaxValue), "nothing is in flight");
    }

    [Test]
    public void What_a_time_out_sends_again_on_another_path_does_not_keep_the_next_one_in_flight()
    {
        Send(0);
        Send(1);
        _recovery.OnTimeout(_recovery.Due);
        Assert.That(_lost, Is.EqualTo(new[] { 0ul }));
        _recovery.OnTimeout(_recovery.Due);
        Assert.That(_lost, Is.EqualTo(new[] { 0ul, 1ul }));
        Assert.That(_recovery.InFlight, Is.Zero);
    }

    [Test]
    public void Frames_that_ask_for_nothing_are_forgotten_and_teach_nothing()
    {
        for (int i = 0; i < 100_000; i++)
            _recovery.OnSent(i * 10_000L, 50, isEliciting: false);
        Assert.That(_recovery.Sent.Count, Is.LessThan(300), "those of the last two seconds");
        Assert.That(_recovery.Due, Is.EqualTo(long.MaxValue));
        Assert.That(_recovery.OnAck(1_000_000_000, 99_999, 0, default), Is.True);
        Assert.That((_recovery.Spurious, _recovery.Lost, _measurement.SmoothedRoundTrip), Is.EqualTo((0L, 0L, 0L)));
    }

    [Test]
    public void Other_traffic_does_not_stop_reliable_messages()
    {
        Ack(Send(0) + RoundTrip, largest: 0);
        for (int i = 0; i < 1000; i++)
            Send(Second + i); // real-time: far beyond the window
        Assert.That(_recovery.MaySend(Second + 1000), Is.True);
        for (int i = 0; i < 2; i++)
            _recovery.OnSent(Second + 1000, Size, isEliciting: true, isReliable: true);
        Assert.That(_recovery.MaySend(Second + 1000), Is.False, "two frames");
    }

    [Test]
    public void Losses_of_one_flight_halve_the_window_once()
    {
        for (int i = 0; i < 10; i++)
            Send(i);
        Ack(RoundTrip, largest: 9, bitmap: 0b1_0000_0000); // numbers 0 and 9 arrived
        long before = _recovery.Window;
        _recovery.OnTimeout(_recovery.Due + 10);
        Assert.That(_lost, Has.Count.EqualTo(8));
        Assert.That(_recovery.Window, Is.EqualTo(before / 2));
    }

    [Test]
    public void An_acknowledgement_of_a_frame_that_was_not_sent_is_refused()
    {
        Send(0);
        Assert.That(_recovery.OnAck(1, 1, 0, default), Is.False);
        Assert.That(_recovery.InFlight, Is.EqualTo(Size));
    }

    [Test]
    public void What_is_remembered_is_bounded()
    {
        for (int i = 0; i < SentFrames.MaxFrames + 10; i++)
            Send(i);
        Assert.That(_recovery.Sent.Count, Is.EqualTo(SentFrames.MaxFrames));
        Assert.That(_lost, Is.EqualTo(Enumerable.Range(0, 10)));
        Assert.That(_recovery.InFlight, Is.EqualTo((long)SentFrames.MaxFrames * Size));
    }

    private const long Second = 1_000_000;

    private bool _isReliable;

    private long Send(long now, SentKind kind = SentKind.Credit)
    {
        _recovery.Sent.Add(new SentElement(kind));
        _recovery.OnSent(now, Size, isEliciting: true, isReliable: _isReliable);
        return now;
    }

    private void Ack(long now, ulong largest, long delay = 0, ulong bitmap = 0) =>
        Assert.That(_recovery.OnAck(now, largest, delay, BitConverter.GetBytes(bitmap)), Is.True);
}
