using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>What is told of a path that does not answer: one event, whether messages take the path or not.</summary>
[TestFixture]
public sealed class PathSilenceEventTests
{
    private const long Second = 1_000_000;
    private TwoNetworks _world = null!;

    [SetUp]
    public void SetUp()
    {
        _world = new TwoNetworks(1, 10_000, 10_000, PathRedundancy.WhenDoubtful);
        _world.A.Recorder.Changes.Clear();
    }

    [Test]
    public void A_path_that_dies_unused_is_told_once()
    {
        SessionPath unused = Other(_world.A.Peer(2).SendPath!);
        _world.Cut(unused);
        _world.Network.Run(_world.Network.Now + (10 * Second));
        PeerEvent told = _world.A.Recorder.Changes.Single();
        Assert.That(told.Kind, Is.EqualTo(PeerEventKind.Silent));
        Assert.That(told.Path, Does.StartWith($"Ip {unused.Source} from "));
        Assert.That(told.Reason, Is.EqualTo("no answer for 1 s; it is not in use"));
        Assert.That(_world.A.Peer(2).Statistics.Events(PeerEventKind.Silent), Is.EqualTo(1));
    }

    [Test]
    public void A_path_that_messages_leave_is_told_by_that_alone()
    {
        SessionPath dead = _world.A.Peer(2).SendPath!;
        SessionPath other = Other(dead);
        _world.Cut(dead);
        _world.Network.Run(_world.Network.Now + (10 * Second));
        PeerEvent told = _world.A.Recorder.Changes.Single();
        Assert.That(told.Kind, Is.EqualTo(PeerEventKind.PathChanged));
        Assert.That(told.Path, Does.StartWith($"Ip {other.Source} from "));
        Assert.That(told.Reason, Does.StartWith($"Ip {dead.Source} from ").And.EndsWith("3 probes went unanswered"));
    }

    [Test]
    public void Doubt_of_less_than_a_second_is_counted_and_not_told()
    {
        SessionPath unused = Other(_world.A.Peer(2).SendPath!);
        long before = _world.A.Peer(2).Statistics.DoubtfulPaths;
        _world.Network.Run(_world.Network.Now + Second);
        _world.Cut(unused);
        Assert.That(_world.Network.RunUntil(() => unused.IsDoubtful, 5 * Second), Is.True);
        _world.Network.Run(_world.Network.Now + (Second / 2));
        _world.Heal();
        _world.Network.Run(_world.Network.Now + (10 * Second));
        Assert.That(_world.A.Peer(2).Statistics.DoubtfulPaths, Is.EqualTo(before + 1));
        Assert.That(_world.A.Recorder.Changes, Is.Empty);
    }

    [Test]
    public void Where_no_path_answers_the_doubt_of_the_one_in_use_is_told_before_it_is_suspect()
    {
        _world.CutAll(apart: 0);
        _world.Network.Run(_world.Network.Now + (10 * Second));
        Assert.That(
            _world.A.Recorder.Changes.Select(static change => change.Kind),
            Is.EqualTo(new[] { PeerEventKind.Silent, PeerEventKind.PathChanged, PeerEventKind.Suspect })
        );
        Assert.That(_world.A.Recorder.Changes[0].Reason, Is.EqualTo("no answer for 1 s"));
    }

    private SessionPath Other(SessionPath path) =>
        _world.A.Peer(2).Paths.Single(other => !ReferenceEquals(other, path));
}
