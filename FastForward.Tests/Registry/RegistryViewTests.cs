using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry;

/// <summary>Which server of a registry is believed.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RegistryViewTests
{
    private static readonly Guid s_first = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid s_second = new("00000000-0000-0000-0000-000000000002");

    private readonly RegistryView _view = new(3);
    private readonly List<RegistryChange> _changes = [];
    private long _now = 1;

    [Test]
    public void The_first_answer_is_in_use_and_further_writes_replace_it()
    {
        Assert.That(Answer(1, s_first, 10), Is.EqualTo(RegistryChangeReason.First));
        Assert.That(Answer(1, s_first, 11), Is.EqualTo(RegistryChangeReason.Newer));
        Assert.That(_view.CurrentServer, Is.EqualTo(1));
        Assert.That(
            _view.States,
            Is.EqualTo(
                new[] { RegistryServerState.Connecting, RegistryServerState.Current, RegistryServerState.Connecting }
            )
        );
    }

    [Test]
    public void The_same_writes_of_a_nearer_server_change_its_name_only()
    {
        Answer(2, s_first, 10);
        Assert.That(Answer(0, s_first, 10), Is.Null);
        Assert.That(_view.CurrentServer, Is.Zero);
        Assert.That(Fail(0), Is.Null);
        Assert.That(_view.IsConfirmed, "the other one still says so");
        Assert.That(Answer(2, s_first, 10), Is.Null);
        Assert.That(_view.CurrentServer, Is.EqualTo(2));
    }

    [Test]
    public void A_replica_that_lags_never_rolls_back()
    {
        Answer(0, s_first, 10);
        Fail(0);
        Assert.That(Answer(1, s_first, 9, rows: 2), Is.Null);
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.Lagging));
        Assert.That(_view.IsConfirmed, Is.False);
        Assert.That(Later(RegistryView.LastingMicros * 10), Is.Null, "however long it lags");
        Assert.That(Answer(1, s_first, 10), Is.Null);
        Assert.That(_view.IsConfirmed);
        Assert.That(Answer(1, s_first, 11), Is.EqualTo(RegistryChangeReason.Newer));
    }

    [Test]
    public void A_server_that_took_over_without_the_last_writes_is_believed_after_a_while()
    {
        Answer(0, s_first, 10);
        Fail(0);
        Assert.That(Offer(1, s_first, [(1, 9), (2, 1)], 5), Is.Null, "replication may still join them");
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.Diverged));
        Assert.That(_view.EvaluateAt, Is.EqualTo(_now + RegistryView.LastingMicros));
        Assert.That(Later(RegistryView.LastingMicros - 1), Is.Null);
        Assert.That(Later(1), Is.EqualTo(RegistryChangeReason.Diverged));
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.Current));
        Assert.That(_view.EvaluateAt, Is.Zero);
    }

    [Test]
    public void Two_masters_that_replication_joins_in_time_are_never_rolled_back()
    {
        Offer(0, s_first, [(1, 10), (2, 5)], 1);
        Assert.That(Offer(1, s_first, [(1, 9), (2, 6)], 2), Is.Null);
        Later(RegistryView.LastingMicros / 2);
        Assert.That(Offer(1, s_first, [(1, 10), (2, 6)], 3), Is.EqualTo(RegistryChangeReason.Newer));
        Assert.That(Offer(0, s_first, [(1, 10), (2, 6)], 3), Is.Null);
        Assert.That(Later(RegistryView.LastingMicros), Is.Null);
    }

    [Test]
    public void Another_server_that_diverges_again_waits_again()
    {
        Answer(0, s_first, 10);
        Offer(1, s_first, [(1, 9), (2, 1)], 5);
        Later(RegistryView.LastingMicros - 1);
        Answer(1, s_first, 10);
        Assert.That(Offer(1, s_first, [(1, 9), (2, 2)], 5), Is.Null);
        Assert.That(Later(RegistryView.LastingMicros - 1), Is.Null);
    }

    [Test]
    public void A_replaced_registry_is_adopted_when_no_server_of_the_former_one_answers()
    {
        Answer(0, s_first, 10);
        Assert.That(Answer(1, s_second, 3), Is.Null);
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.OtherRegistry));
        Assert.That(Fail(0), Is.Null, "a server that restarts is no other registry");
        Assert.That(
            Later(RegistryView.LastingMicros * 2),
            Is.Null,
            "a server that was not reached yet may be of the former one"
        );
        Fail(2);
        Assert.That(_view.EvaluateAt, Is.EqualTo(_now + RegistryView.LastingMicros));
        Assert.That(Later(RegistryView.LastingMicros - 1), Is.Null);
        Assert.That(Answer(0, s_first, 10), Is.Null);
        Fail(0);
        Assert.That(Later(RegistryView.LastingMicros - 1), Is.Null, "counted anew");
        Assert.That(Later(1), Is.EqualTo(RegistryChangeReason.OtherRegistry));
        Assert.That(_view.Current!.Version!.Registry, Is.EqualTo(s_second));
    }

    [Test]
    public void An_empty_registry_does_not_disconnect_all_nodes()
    {
        Answer(0, s_first, 10);
        Fail(0);
        Assert.That(Answer(0, s_second, 0, rows: 0), Is.Null);
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Empty));
        Assert.That(Accept(), Is.EqualTo(RegistryChangeReason.Accepted));
        Assert.That(_view.Current!.Content.IsEmpty);
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Current));
    }

    [Test]
    public void An_empty_registry_that_answered_first_does_not_keep_out_another_one()
    {
        Answer(1, s_second, 0, rows: 0);
        Assert.That(Answer(0, s_first, 10), Is.EqualTo(RegistryChangeReason.OtherRegistry));
        Assert.That(Answer(1, s_second, 0, rows: 0), Is.Null);
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.OtherRegistry));
    }

    [Test]
    public void At_the_start_the_nearest_registry_counts_whichever_answers_first()
    {
        Answer(1, s_second, 3);
        Assert.That(Answer(2, s_first, 10), Is.Null);
        Assert.That(Answer(0, s_first, 10), Is.EqualTo(RegistryChangeReason.OtherRegistry));
        Later(RegistryView.LastingMicros);
        Assert.That(Answer(1, s_second, 4), Is.Null);
    }

    [Test]
    public void Deleting_all_rows_of_a_registry_brings_no_other_one_in()
    {
        Answer(0, s_first, 10);
        Answer(1, s_second, 3);
        Assert.That(Answer(0, s_first, 11, rows: 0), Is.EqualTo(RegistryChangeReason.Newer));
        Assert.That(Later(RegistryView.LastingMicros * 2), Is.Null);
        Assert.That(Answer(1, s_second, 4), Is.Null);
    }

    [Test]
    public void Both_sides_of_a_broken_replication_are_there_and_traffic_does_not_move_to_and_fro()
    {
        Offer(0, s_first, [(1, 10), (2, 5)], 1);
        Offer(1, s_first, [(1, 9), (2, 6)], 2);
        for (int i = 0; i < 10; i++)
            Assert.That(Later(RegistryView.LastingMicros), Is.Null);
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Current));
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.Diverged));
        Assert.That(Fail(0), Is.EqualTo(RegistryChangeReason.Diverged), "it has lasted long enough");
    }

    [Test]
    public void Writes_to_other_spaces_make_no_replica_a_lagging_one()
    {
        Answer(0, s_first, 10);
        Answer(1, s_first, 9);
        Assert.That(_view.States[1], Is.EqualTo(RegistryServerState.Current));
        Answer(1, s_first, 12);
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Current));
    }

    [Test]
    public void A_row_whose_write_was_not_complete_is_replaced_at_once()
    {
        Answer(0, s_first, 10, rows: 2);
        Assert.That(Answer(0, s_first, 10), Is.EqualTo(RegistryChangeReason.Newer));
    }

    [Test]
    public void Deleting_all_rows_of_the_registry_in_use_is_believed()
    {
        Answer(0, s_first, 10);
        Assert.That(Answer(0, s_first, 11, rows: 0), Is.EqualTo(RegistryChangeReason.Newer));
    }

    [Test]
    public void A_restored_registry_is_accepted_on_request()
    {
        Answer(0, s_first, 10);
        Assert.That(Answer(0, s_first, 7, rows: 2), Is.Null);
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Lagging));
        Assert.That(Accept(), Is.EqualTo(RegistryChangeReason.Accepted));
        Assert.That(_view.Current!.Version!.Writes, Is.EqualTo(7));
    }

    [Test]
    public void Nothing_can_be_accepted_while_no_server_answers()
    {
        Answer(0, s_first, 10);
        Fail(0);
        Assert.That(Accept(), Is.Null);
        Assert.That(_view.Current!.Version!.Writes, Is.EqualTo(10));
    }

    [Test]
    public void A_cache_counts_until_a_server_has_its_writes()
    {
        _view.Restore(Make(s_first, [(1, 10)], 1));
        Assert.That(_view.IsConfirmed, Is.False);
        Assert.That(Answer(0, s_first, 9), Is.Null, "also over a restart rows never go back");
        Assert.That(Answer(1, s_first, 10, rows: 2), Is.EqualTo(RegistryChangeReason.Newer), "with its bad rows");
        Assert.That(_view.IsConfirmed);
    }

    [Test]
    public void Answers_without_versions_count_in_the_order_of_servers()
    {
        Assert.That(Offer(1, null, [], 1), Is.EqualTo(RegistryChangeReason.First));
        Assert.That(Offer(2, null, [], 2), Is.Null);
        Assert.That(_view.States[2], Is.EqualTo(RegistryServerState.Lagging));
        Assert.That(Offer(0, null, [], 2), Is.EqualTo(RegistryChangeReason.Newer));
        Assert.That(Offer(0, null, [], 2), Is.Null, "the same again");
        Assert.That(Offer(2, s_first, [(1, 1)], 3), Is.EqualTo(RegistryChangeReason.Newer), "it knows what it has");
        Assert.That(Offer(0, null, [], 4), Is.Null);
        Fail(2);
        Assert.That(Offer(0, null, [], 4), Is.Null, "it may be a server of long ago");
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Lagging));
        Assert.That(Offer(0, null, [], 3), Is.Null);
        Assert.That(_view.States[0], Is.EqualTo(RegistryServerState.Current), "the same rows");
    }

    [Test]
    public void Whatever_servers_say_rows_of_one_replica_set_never_go_back_unless_writes_were_lost()
    {
        int seed = TestContext.CurrentContext.Random.Next();
        Random random = new(seed);
        for (int step = 0; step < 20_000; step++)
        {
            _changes.Clear();
            if (random.Next(4) == 0)
                Fail(random.Next(3));
            else
                Random(random);
            if (random.Next(3) == 0)
                Later(random.Next((int)RegistryView.LastingMicros));
            foreach (RegistryChange change in _changes)
            {
                VersionOrder? order = change.Previous is { } previous
                    ? change.Next.Version!.CompareTo(previous.Version!)
                    : null;
                Assert.That(
                    change.Reason,
                    Is.EqualTo(
                        order switch
                        {
                            null => RegistryChangeReason.First,
                            VersionOrder.Newer => RegistryChangeReason.Newer,
                            // A row whose write was not complete when its server was asked before.
                            VersionOrder.Same when change.Reason == RegistryChangeReason.Newer =>
                                RegistryChangeReason.Newer,
                            VersionOrder.OtherRegistry => RegistryChangeReason.OtherRegistry,
                            _ => RegistryChangeReason.Diverged,
                        }
                    ),
                    $"seed {seed}, step {step}"
                );
                Assert.That(order, Is.Not.EqualTo(VersionOrder.Older), $"seed {seed}, step {step}");
            }
        }
    }

    private RegistryChangeReason? Random(Random random) =>
        Offer(
            random.Next(3),
            random.Next(20) == 0 ? s_second : s_first,
            [(1, (ulong)random.Next(6)), (2, (ulong)random.Next(6))],
            random.Next(3)
        );

    private RegistryChangeReason? Answer(int server, Guid registry, ulong writes, int rows = 1) =>
        Offer(server, registry, [(1, writes)], rows);

    private RegistryChangeReason? Offer(int server, Guid? registry, (uint, ulong)[] clock, int rows)
    {
        _view.OnAnswer(server, Make(registry, clock, rows));
        return Evaluate();
    }

    private RegistryChangeReason? Fail(int server)
    {
        _view.OnFailure(server, RegistryServerState.Unreachable);
        return Evaluate();
    }

    private RegistryChangeReason? Later(long micros)
    {
        _now += micros;
        return Evaluate();
    }

    private RegistryChangeReason? Accept()
    {
        if (_view.Accept() is not { } change)
            return null;
        Assert.That(Evaluate(), Is.Null);
        return change.Reason;
    }

    // The reason of the last change.
    private RegistryChangeReason? Evaluate()
    {
        RegistryChangeReason? reason = null;
        while (_view.Evaluate(_now) is { } change)
        {
            _changes.Add(change);
            reason = change.Reason;
        }

        return reason;
    }

    private static RegistryAnswer Make(Guid? registry, (uint Server, ulong Writes)[] clock, int rows)
    {
        RegistryVersion? version = registry is { } id
            ? new RegistryVersion(id, [.. clock.Select(entry => KeyValuePair.Create(entry.Server, entry.Writes))])
            : null;
        TarantoolTuple tuples = TarantoolTuple.Create([
            .. Enumerable.Range(1, rows).Select(node => (TarantoolValue)TarantoolTuple.Create(node, 0, 2, "", 9)),
        ]);
        return new RegistryAnswer(
            version,
            RegistryContent.Read(tuples, TarantoolTuple.Empty, TransportTypeMap.Default),
            null
        );
    }
}
