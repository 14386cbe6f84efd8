using CsCheck;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session.Recovery;

/// <summary>Acknowledgements of packets, against a model: sets of numbers.</summary>
[TestFixture]
public sealed class AckScheduleTests
{
    private const long Second = 1_000_000;

    private enum Step
    {
        Arrives,
        Overtakes,
        ArrivesLate,
        IsRefused,
        AsksForNothing,
        IsLost,
        TimePasses,
        IsWritten,
        ReachesPeer,
        IsKnownToBeLost,
    }

    [Test]
    public void Everything_that_arrived_is_reported_by_an_acknowledgement_that_reaches_the_peer()
    {
        Gen.Int[0, 99]
            .Select(Gen.Int[0, 3_000])
            .Array[1, 400]
            .Sample(
                steps =>
                {
                    Model model = new();
                    foreach ((int choice, int value) in steps)
                        model.Do(StepOf(choice), value);
                    model.Finish();
                },
                iter: 1_000
            );

        static Step StepOf(int choice) =>
            choice switch
            {
                < 30 => Step.Arrives,
                < 36 => Step.Overtakes,
                < 44 => Step.ArrivesLate,
                < 47 => Step.IsRefused,
                < 50 => Step.AsksForNothing,
                < 56 => Step.IsLost,
                < 66 => Step.TimePasses,
                < 82 => Step.IsWritten,
                < 93 => Step.ReachesPeer,
                _ => Step.IsKnownToBeLost,
            };
    }

    [Test]
    public void One_packet_waits_for_another_two_in_order_do_not()
    {
        Model model = new();
        model.Do(Step.Arrives, 0);
        Assert.That(model.Acks.Due, Is.EqualTo(model.Now + AckSchedule.MaxDelay));
        model.Do(Step.Arrives, 0);
        Assert.That(model.Acks.Due, Is.EqualTo(model.Now));
        model.Do(Step.IsWritten, 0);
        Assert.That(model.Acks.Due, Is.EqualTo(long.MaxValue));
        model.Do(Step.Overtakes, 1);
        Assert.That(model.Acks.Due, Is.EqualTo(model.Now + 1_000), "a gap, but no more than one a millisecond");
        for (int i = 0; i < 31; i++)
            model.Do(Step.Arrives, 0);
        Assert.That(model.Acks.Due, Is.EqualTo(model.Now), "many packets");
    }

    [Test]
    public void Where_nothing_else_asks_the_acknowledgement_does_so_that_its_bitmap_stays_short()
    {
        // A receiver that sends nothing else: only what the acknowledgements ask for tells what the peer has.
        Model model = new();
        int most = 0;
        for (int i = 0; i < 5_000; i++)
        {
            model.Do(Step.TimePasses, 500);
            model.Do(Step.Arrives, 0);
            if (model.Acks.Due > model.Now)
                continue;
            model.Do(Step.IsWritten, 0);
            most = Math.Max(most, model.LastLength);
            if (model.LastAsks)
                model.Do(Step.ReachesPeer, 0);
            else
                model.Forget();
        }

        // 100 ms at 2,000 packets a second, and two words before it asks at all.
        Assert.That(most, Is.LessThanOrEqualTo(WireFormat.Ack + (8 * 6)));
    }

    /// <summary>A receiver of packets, a way back that loses acknowledgements, and what the peer then knows.</summary>
    private sealed class Model
    {
        private readonly ReplayWindow _window = new();
        private readonly SentFrames _sent = new();
        private readonly HashSet<ulong> _arrived = []; // and asked for an acknowledgement, or was asked for with others
        private readonly HashSet<ulong> _known = []; // to the peer
        private readonly List<ulong> _missing = [];
        private readonly List<(ulong Frame, HashSet<ulong> Content)> _onTheirWay = [];
        private readonly byte[] _frame = new byte[400];
        private ulong _next;
        private ulong _frames;
        private long _elicitedAt = long.MaxValue;

        public Model() => Acks = new AckSchedule(_window);

        public AckSchedule Acks { get; }

        public long Now { get; private set; } = 10 * Second;

        public int LastLength { get; private set; }

        public bool LastAsks { get; private set; }

        public void Do(Step step, int value)
        {
            switch (step)
            {
                case Step.Arrives:
                    Arrive(_next++);
                    break;
                case Step.Overtakes:
                    Skip(1 + (value % 5));
                    Arrive(_next++);
                    break;
                case Step.ArrivesLate when _missing.Count > 0:
                    ulong late = _missing[value % _missing.Count];
                    _missing.Remove(late);
                    Arrive(late);
                    break;
                case Step.IsRefused:
                    Arrive(_next++, isRefused: true);
                    break;
                case Step.AsksForNothing:
                    Arrive(_next++, asks: false);
                    break;
                case Step.IsLost:
                    Skip(1);
                    break;
                case Step.TimePasses:
                    Now += value;
                    break;
                case Step.IsWritten:
                    Write();
                    break;
                case Step.ReachesPeer when _onTheirWay.Count > 0:
                    // The peer learns, and this side learns that by the peer's acknowledgement of that frame.
                    (ulong frame, HashSet<ulong> content) = _onTheirWay[value % _onTheirWay.Count];
                    _onTheirWay.RemoveAt(value % _onTheirWay.Count);
                    _known.UnionWith(content);
                    Acks.OnAcknowledged(frame);
                    break;
                case Step.IsKnownToBeLost when _onTheirWay.Count > 0:
                    Acks.OnLost(_onTheirWay[value % _onTheirWay.Count].Frame);
                    _onTheirWay.RemoveAt(value % _onTheirWay.Count);
                    break;
            }

            CheckDue();
        }

        public void Forget() => _onTheirWay.Clear();

        // The peer repeats what it does not know to have arrived, until one more acknowledgement comes through.
        public void Finish()
        {
            Arrive(_next++);
            Write();
            _known.UnionWith(_onTheirWay[^1].Content);
            Assert.That(_arrived.Except(_known), Is.Empty, "arrived, but never reported");
        }

        private void Skip(int packets)
        {
            for (int i = 0; i < packets; i++)
                _missing.Add(_next++);
        }

        private void Arrive(ulong number, bool asks = true, bool isRefused = false)
        {
            bool isExpected = number == _window.Next;
            Assert.That(_window.Check(number), Is.EqualTo(ReplayCheck.Fresh));
            _window.Commit(number);
            Acks.OnReceived(Now, number, isExpected);
            if (isRefused)
            {
                _window.Refuse(number);
                return;
            }

            _arrived.Add(number);
            if (!asks)
                return;
            Acks.OnElicited(Now);
            _elicitedAt = Math.Min(_elicitedAt, Now);
        }

        private void Write()
        {
            FrameBuilder frame = new(_frame, NoProtection.Instance, _sent);
            Acks.Write(Now, _frames, ref frame);
            LastLength = frame.Writer.Length - WireFormat.DataHeader;
            if (LastLength == 0)
            {
                Assert.That(_elicitedAt, Is.EqualTo(long.MaxValue), "something asked for it");
                return;
            }

            _elicitedAt = long.MaxValue;
            LastAsks = frame.IsEliciting;
            ElementReader element = new(_frame.AsSpan(WireFormat.DataHeader, LastLength));
            Assert.That(element.Next() && element.Type == ElementType.Ack, Is.True);
            HashSet<ulong> content = Read(element.Body);
            Assert.That(content.Except(_arrived), Is.Empty, "acknowledged, but not taken");
            _onTheirWay.Add((_frames++, content));
        }

        private static HashSet<ulong> Read(ReadOnlySpan<byte> body)
        {
            ulong largest = BitConverter.ToUInt64(body);
            HashSet<ulong> content = [largest];
            ReadOnlySpan<byte> bitmap = body[12..];
            for (int i = 0; i < bitmap.Length * 8; i++)
            {
                if ((bitmap[i / 8] & (1 << (i % 8))) != 0)
                    content.Add(largest - 1 - (ulong)i);
            }

            return content;
        }

        private void CheckDue()
        {
            if (_elicitedAt == long.MaxValue)
                Assert.That(Acks.Due, Is.EqualTo(long.MaxValue), "nothing is due that no one asked for");
            else
                Assert.That(Acks.Due, Is.InRange(_elicitedAt, _elicitedAt + AckSchedule.MaxDelay));
        }
    }
}
