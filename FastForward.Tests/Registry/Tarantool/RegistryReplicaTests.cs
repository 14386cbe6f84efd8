using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>The registry on read-only instances that replicate from a writable one.</summary>
internal sealed class RegistryReplicaTests
{
    [Test]
    public async Task A_replica_serves_rows_and_wakes_its_own_waiters()
    {
        await using RegistryServer master = await RegistryServer.StartAsync();
        await master.EvalAsync("box.space.Nodes:replace{1, 0, 'a', 2}");
        await using RegistryServer replica = await RegistryServer.StartAsync(replicaOf: master);
        RegistryAnswer before = await replica.ReadAsync();
        RegistryAnswer there = await master.ReadAsync();
        Assert.Multiple(() =>
        {
            Assert.That(before.IsReadOnly, Is.True);
            Assert.That(before.Rows("Nodes"), Is.EqualTo(new[] { "[1, 0, \"a\", 2]" }));
            Assert.That(before.Registry, Is.EqualTo(there.Registry));
            Assert.That(before.Instance, Is.Not.EqualTo(there.Instance));
            Assert.That(before.Version, Is.Not.EqualTo(there.Version));
        });

        RegistryCopy copy = new();
        copy.Apply(before);
        string[] changes =
        [
            "box.space.Nodes:replace{2, 0, 'b', 2}",
            "box.space.OverriddenNodes:replace{1, 0, FORWARD_TRANSPORT_IP, 'c', 2}",
            "box.atomic(function() box.space.Nodes:delete(1) box.space.Nodes:replace{3, 0, 'b', 2} end)",
            "box.space.Nodes:truncate()",
            "box.space.Nodes:replace{4, 0, 'b', 2}",
        ];
        foreach (string change in changes)
        {
            Task<RegistryAnswer> waiting = replica.ReadAsync(copy.Version, 60);
            await replica.UntilWaitingAsync(1);
            await master.EvalAsync(change);
            copy.Apply(await waiting.InTime());
        }

        RegistryCopy expected = new();
        expected.Apply(await master.ReadAsync());
        string text = expected.ToString();
        while (copy.ToString() != text)
            copy.Apply(await replica.ReadAsync(copy.Version, 30));
        Assert.That(copy.Differences, Is.GreaterThanOrEqualTo(4));
        RegistryAnswer last = await replica.ReadAsync();
        Assert.That(last.VClock, Is.EqualTo((await master.ReadAsync()).VClock));
    }

    [Test]
    public async Task Spaces_that_come_later_are_watched_as_soon_as_they_arrive()
    {
        await using RegistryServer master = await RegistryServer.StartAsync("rawset(_G, 'path', ...)");
        await using RegistryServer replica = await RegistryServer.StartAsync(replicaOf: master);
        TarantoolServerException error = await replica.ReadAsync().Fails<TarantoolServerException>();
        Assert.That(
            error.Message,
            Does.Contain(
                "space 'OverriddenNodes' does not exist on this instance, which is read-only: it has to arrive by"
            )
        );

        await master.EvalAsync("dofile(path)");
        await replica.UntilAsync("fastforward.registry_state.attached[1] and fastforward.registry_state.attached[2]");
        Task<RegistryAnswer> waiting = replica.ReadAsync((await replica.ReadAsync()).Version, 60);
        await replica.UntilWaitingAsync(1);
        await master.EvalAsync("box.space.Nodes:replace{1, 0, 'a', 2}");
        Assert.That((await waiting.InTime()).Rows("Nodes"), Has.Length.EqualTo(1));
        Assert.That(await replica.LogAsync(), Does.Not.Match(" [EF]> fastforward"));
    }

    [Test]
    public async Task A_read_only_instance_creates_nothing_until_it_is_writable()
    {
        await using RegistryServer master = await RegistryServer.StartAsync("return");
        await using RegistryServer replica = await RegistryServer.StartAsync(
            "dofile(...).apply{user = 'fastforward', password = 'p', keys = true}",
            master
        );
        Assert.That((await replica.ValueAsync("return box.space.OverriddenNodes")).IsNil, Is.True);
        await replica.EvalAsync("box.cfg{replication = {}, read_only = false}");
        await replica.UntilAsync("box.space.Keys and box.schema.user.exists('fastforward')");
        RegistryAnswer answer = await replica.ReadAsync();
        Assert.That(answer.IsReadOnly, Is.False);
        await using TarantoolClient host = await replica.ConnectAsync("fastforward", "p");
        Assert.That((await RegistryAnswer.ReadAsync(host, null, 0)).Rows("Nodes"), Is.Empty);
    }

    [Test]
    public async Task A_promoted_replica_goes_on_from_the_same_versions()
    {
        await using RegistryServer master = await RegistryServer.StartAsync();
        await using RegistryServer replica = await RegistryServer.StartAsync(replicaOf: master);
        await master.EvalAsync("box.space.Nodes:replace{1, 0, 'a', 2}");
        await replica.UntilAsync("box.space.Nodes:get(1)");
        RegistryAnswer before = await replica.ReadAsync();
        await replica.EvalAsync("box.cfg{replication = {}, read_only = false} box.space.Nodes:replace{2, 0, 'b', 2}");
        RegistryAnswer after = await replica.ReadAsync(before.Version, 60);
        Assert.That(after.IsReadOnly, Is.False);
        Assert.That(after.IsComplete, Is.False);
        Assert.That(after.Rows("Nodes"), Does.Contain("[2, 0, \"b\", 2]"));
        Assert.That(after.VClock, Has.Length.EqualTo(2));
        Assert.That(after.VClock.Select(pair => pair.Id), Is.Ordered);
    }
}
