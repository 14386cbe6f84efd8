using FastForward.Transport;
using FastForward.Transport.Keys;

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
        Assert.That(key.IsFor(25_012));
        Assert.That(key.IsFor(25_013), Is.False);
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
    public void A_ring_has_copies_and_takes_others()
    {
        ForwardKey key = new(17, s_secret, 1, 2);
        using KeyRing ring = new(1, [key]);
        key.Dispose();
        ForwardKey held = ring.Find(17)!;
        Assert.That(held.Secret.ToArray(), Is.EqualTo(s_secret));
        Assert.That(ring.Find(18), Is.Null);
        using ForwardKey next = ForwardKey.Generate(18, 1, 2);
        using KeyRing other = new(1, [next]);
        ring.TakeFrom(other);
        Assert.That(ring.Find(17), Is.Null);
        Assert.That(ring.Find(18)!.Secret.SequenceEqual(next.Secret));
        Assert.That(other.Find(18), Is.Null);
        Assert.That(() => held.Secret.Length, Throws.TypeOf<ObjectDisposedException>(), "the old key is overwritten");
    }

    [Test]
    public void A_ring_warns_of_keys_that_serve_several_nodes_or_not_this_one()
    {
        using ForwardKey pair = ForwardKey.Generate(1, 25_011, 25_012);
        using ForwardKey many = ForwardKey.Generate(2, 25_011, 25_012, 25_013);
        using ForwardKey foreign = ForwardKey.Generate(3, 25_012, 25_013);
        using KeyRing ring = new(25_011, [foreign, many, pair]);
        Assert.That(
            ring.FindWarnings(),
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
