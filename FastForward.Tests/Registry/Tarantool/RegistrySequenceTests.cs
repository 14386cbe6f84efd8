using System.Globalization;
using System.Text;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>
/// A copy that is kept by differences equals the spaces at each version, whatever happens to them. While a transaction
/// is being written, its rows are in the spaces already; the copy has them at the next version at the latest.
/// </summary>
internal sealed class RegistrySequenceTests
{
    private const string ReadBoth = """
        local answer = fastforward.registry_read(...)
        if rawget(_G, 'was_read') then was_read:broadcast() end
        return answer, box.space.OverriddenNodes:select(), box.space.Nodes:select(), rawget(_G, 'unfinished') or 0
        """;

    private const string CountUnfinished = """
        rawset(_G, 'unfinished', 0)
        rawset(_G, 'writing', 0)
        rawset(_G, 'was_read', require('fiber').cond())
        local function count()
            unfinished = unfinished + 1
            local function ended() unfinished = unfinished - 1 end
            box.on_commit(ended)
            box.on_rollback(ended)
        end
        box.space.OverriddenNodes:on_replace(count)
        box.space.Nodes:on_replace(count)
        box.space._truncate:on_replace(count)
        """;

    [Test]
    public async Task Random_changes_one_after_another()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        Random random = Seeded();
        RegistryCopy copy = new();
        await ReadAndCompare(server, copy, 0);
        for (int i = 0; i < 600; i++)
        {
            await server.EvalAsync(Change(random));
            if (random.Next(3) > 0)
                await ReadAndCompare(server, copy, 0);
        }

        await ReadAndCompare(server, copy, 0);
        Assert.That(copy.Differences, Is.GreaterThan(100));
        Assert.That(copy.Complete, Is.GreaterThan(5));
    }

    [Test]
    public async Task Random_changes_by_several_fibers_while_the_copy_waits_for_them()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        Random random = Seeded();
        RegistryCopy copy = new();
        await ReadAndCompare(server, copy, 0);
        const int writers = 4;
        await server.EvalAsync(CountUnfinished);
        for (int i = 0; i < writers; i++)
        {
            StringBuilder changes = new("writing = writing + 1 require('fiber').create(function()\n");
            for (int j = 0; j < 100; j++)
                changes.Append("do ").Append(Change(random)).Append(" end was_read:wait()\n");
            await server.EvalAsync(changes.Append("writing = writing - 1 end)").ToString());
        }

        int compared = 0;
        while ((await server.ValueAsync("return writing")).AsInt32() > 0)
        {
            if (await ReadAndCompare(server, copy, 0.01))
                compared++;
        }

        TestContext.Out.WriteLine($"{compared} answers compared, {copy.Differences} differences");
        await server.UntilAsync("unfinished == 0");
        Assert.That(await ReadAndCompare(server, copy, 0), Is.True);
        Assert.That(copy.Differences, Is.GreaterThan(20));
        Assert.That(compared, Is.GreaterThan(20));
    }

    private static Random Seeded()
    {
        int seed = Environment.GetEnvironmentVariable("FASTFORWARD_SEED") is { } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        TestContext.Out.WriteLine($"FASTFORWARD_SEED={seed}");
        return new Random(seed);
    }

    // Answer and rows are read at one instant. Returns false if a transaction was being written then.
    private static async Task<bool> ReadAndCompare(RegistryServer server, RegistryCopy copy, double timeout)
    {
        TarantoolTuple values = await server.EvalAsync(ReadBoth, copy.Version, timeout);
        copy.Apply(new RegistryAnswer(values[0].AsMap()));
        if (values[3].AsInt32() > 0)
            return false;
        string expected =
            $"OverriddenNodes: {string.Join(", ", values[1].AsArray())}\n"
            + $"Nodes: {string.Join(", ", values[2].AsArray())}";
        Assert.That(copy.ToString(), Is.EqualTo(expected));
        return true;
    }

    private static string Change(Random random)
    {
        int kind = random.Next(100);
        if (kind < 3)
            return $"box.space.{Space(random)}:truncate()";
        if (kind < 70)
            return Statement(random);
        IEnumerable<string> statements = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Statement(random));
        return $"box.begin() {string.Join(' ', statements)} {(kind < 85 ? "box.commit()" : "box.rollback()")}";
    }

    private static string Statement(Random random)
    {
        string space = Space(random);
        int node = random.Next(1, 30);
        string row =
            space == "Nodes" ? $"{{{node}, 0, 'a', {random.Next(9)}}}" : $"{{{node}, 0, 1, 3, {random.Next(9)}}}";
        return random.Next(4) switch
        {
            0 => $"box.space.{space}:delete({node})",
            1 => $"box.space.{space}:update({node}, {{{{'+', 'port', 1}}}})",
            2 => $"pcall(box.space.{space}.insert, box.space.{space}, {row})",
            _ => $"box.space.{space}:replace{row}",
        };
    }

    private static string Space(Random random) => random.Next(2) == 0 ? "OverriddenNodes" : "Nodes";
}
