using FastForward.Transport;
using FastForward.Transport.Node;
using FastForward.Transport.Session.Keys;

namespace FastForward.Tests.Keys;

public sealed class ForwardKeyTests
{
    private static readonly byte[] s_secret = [.. Enumerable.Range(1, 32).Select(static value => (byte)value)];

    [Test]
    public void A_key_has_what_it_was_made_of_and_shows_all_but_the_secret()
    {
        using ForwardKey key = new(17, s_secret, 25_011, 25_012);
        Assert.That(key.Id, Is.EqualTo(17u));
        Assert.That(key.Nodes, Is.EqualTo(new[] { 25_011u, 25_012u }));
        Assert.That(key.Secret.ToArray(), Is.EqualTo(s_secret));
        Assert.That(key.ToString(), Is.EqualTo("key 17 of the nodes 25011, 25012"));
    }

    [Test]
    public void Made_keys_differ()
    {
        using ForwardKey one = ForwardKey.Generate(1, 1, 2);
        using ForwardKey two = ForwardKey.Generate(1, 1, 2);
        Assert.That(one.Secret.SequenceEqual(two.Secret), Is.False);
    }

    [TestCase(0u, new uint[] { 1, 2 }, "0 is not the id of a key: it stands for no key.")]
    [TestCase(7u, new uint[] { 1 }, "Key 7: a key is shared by two nodes, and both are named.")]
    [TestCase(7u, new uint[] { }, "Key 7: a key is shared by two nodes, and both are named.")]
    [TestCase(7u, new uint[] { 1, 0 }, "Key 7: 0 is not a node id.")]
    [TestCase(7u, new uint[] { 3, 3 }, "Key 7: node 3 is named twice.")]
    [TestCase(
        7u,
        new uint[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 },
        "Key 7: at most 16 nodes may share a key."
    )]
    public void What_is_no_key_is_refused(uint id, uint[] nodes, string problem) =>
        Assert.That(() => new ForwardKey(id, s_secret, nodes), Throws.ArgumentException.With.Message.EqualTo(problem));

    [Test]
    public void What_is_no_secret_is_refused(
        [Values(0, ForwardKey.SecretLength - 1, ForwardKey.SecretLength, ForwardKey.SecretLength + 1)] int zeros
    ) => Assert.That(() => new ForwardKey(1, new byte[zeros], 1, 2), Throws.ArgumentException);

    [Test]
    public void A_disposed_key_has_no_secret()
    {
        ForwardKey key = ForwardKey.Generate(1, 1, 2);
        key.Dispose();
        key.Dispose();
        Assert.That(() => key.Secret.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_node_has_copies_and_takes_others()
    {
        ForwardKey key = new(17, s_secret, 1, 2);
        using NodeKeys keys = new(1, [key]);
        key.Dispose();
        PairKey held = keys.Find(17, 1, 2)!;
        Assert.That(held.Secret.ToArray(), Is.EqualTo(s_secret));
        Assert.That(keys.Find(18, 1, 2), Is.Null);
        Assert.That(keys.Find(17, 1, 3), Is.Null, "it is for another pair");
        using ForwardKey next = ForwardKey.Generate(18, 1, 2);
        IReadOnlyList<PairKey> before = keys.Replace(NodeKeys.Copy([next]));
        Assert.That(keys.Find(17, 1, 2), Is.Null);
        Assert.That(keys.Find(18, 1, 2)!.Secret.SequenceEqual(next.Secret));
        NodeKeys.Free(before);
        Assert.That(() => held.Secret.Length, Throws.TypeOf<ObjectDisposedException>(), "the old key is overwritten");
    }

    [Test]
    public void The_key_to_prove_is_the_one_of_the_rows_or_the_last_one_where_they_name_none()
    {
        using ForwardKey one = ForwardKey.Generate(5, 1, 2);
        using ForwardKey two = ForwardKey.Generate(4, 1, 2);
        using ForwardKey other = ForwardKey.Generate(9, 1, 3);
        using NodeKeys keys = new(1, [one, two, other]);
        Assert.That(keys.Choose(2, demanded: 5, isRequired: true), Is.EqualTo(5));
        Assert.That(keys.Choose(2, demanded: 0, isRequired: true), Is.EqualTo(4));
        Assert.That(keys.Choose(2, demanded: 0, isRequired: false), Is.Zero);
        Assert.That(keys.Choose(7, demanded: 0, isRequired: true), Is.Zero);
        Assert.That(keys.FindObstacle(7, 0, isRequired: true), Does.Contain("there is none for it"));
        Assert.That(
            keys.FindObstacle(2, 9, isRequired: false),
            Is.EqualTo("its rows name key 9, which is not for nodes 1 and 2")
        );
        Assert.That(
            keys.FindObstacle(2, 6, isRequired: false),
            Is.EqualTo("its rows name key 6, which this node does not have")
        );
        Assert.That(keys.FindObstacle(2, 5, isRequired: false), Is.Null);
    }

    [Test]
    public void A_node_warns_of_keys_that_serve_several_nodes_or_not_this_one()
    {
        using ForwardKey pair = ForwardKey.Generate(1, 25_011, 25_012);
        using ForwardKey many = ForwardKey.Generate(2, 25_011, 25_012, 25_013);
        using ForwardKey foreign = ForwardKey.Generate(3, 25_012, 25_013);
        using NodeKeys keys = new(25_011, [foreign, many, pair]);
        Assert.That(
            keys.FindWarnings(),
            Is.EqualTo(
                new[]
                {
                    "Key 2 serves several remote nodes (25012, 25013): each of them can claim to be another one. Make "
                        + "a key for each pair of nodes.",
                    "Key 3 is of no use here: it is for the nodes 25012, 25013, and this is node 25011. Keep a key "
                        + "only where its nodes are.",
                }
            )
        );
    }

    [Test]
    public void Options_refuse_two_keys_with_one_id()
    {
        using ForwardKey one = ForwardKey.Generate(5, 1, 2);
        using ForwardKey two = ForwardKey.Generate(5, 1, 3);
        ForwardNodeOptions options = new() { Node = 1, Keys = [one, two] };
        Assert.That(
            options.FindProblems(),
            Is.EqualTo(new[] { "Keys: the id 5 is that of 2 keys; give each key an id of its own." })
        );
    }
}
