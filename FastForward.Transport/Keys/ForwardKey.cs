using System.Security.Cryptography;
using FastForward.Transport.Cryptography;

namespace FastForward.Transport;

/// <summary>
/// A secret that a pair of nodes shares, by which each knows the other. It is kept outside of managed memory and of
/// core dumps, and overwritten when it is disposed of.
/// </summary>
/// <remarks>
/// One key for each pair of nodes: a reader of a key can claim to be any of its nodes to the others.
/// </remarks>
public sealed class ForwardKey : IDisposable
{
    /// <summary>Bytes of a secret.</summary>
    public const int SecretLength = 32;

    /// <summary>The most nodes that may share a key.</summary>
    internal const int MaxNodes = 16;

    private readonly SecretMemory _secret = new(SecretLength);
    private readonly uint[] _nodes;

    /// <summary>Makes a key of a secret that comes from elsewhere; the files of this library have theirs.</summary>
    /// <param name="id">The id that rows name, not 0.</param>
    /// <param name="secret">32 random bytes, which are copied. Never a pass phrase or what is derived from one.</param>
    /// <param name="nodes">The ids of the nodes that share the key: the two of a pair, this one among them.</param>
    /// <exception cref="ArgumentException">A value is not allowed; the message says which.</exception>
    public ForwardKey(uint id, ReadOnlySpan<byte> secret, params ReadOnlySpan<uint> nodes)
    {
        if (FindProblem(id, nodes) is { } problem)
            throw new ArgumentException(problem);
        if (secret.Length != SecretLength || !secret.ContainsAnyExcept((byte)0))
            throw new ArgumentException($"A secret has {SecretLength} random bytes.", nameof(secret));
        Id = id;
        _nodes = nodes.ToArray();
        secret.CopyTo(_secret.Bytes);
    }

    /// <summary>The id that rows name.</summary>
    public uint Id { get; }

    /// <summary>The nodes that share the key.</summary>
    public IReadOnlyList<uint> Nodes => _nodes;

    internal ReadOnlySpan<byte> Secret => _secret.Bytes;

    /// <summary>Makes a key of random bytes.</summary>
    /// <inheritdoc cref="ForwardKey(uint, ReadOnlySpan{byte}, ReadOnlySpan{uint})"/>
    public static ForwardKey Generate(uint id, params ReadOnlySpan<uint> nodes)
    {
        Span<byte> secret = stackalloc byte[SecretLength];
        RandomNumberGenerator.Fill(secret);
        ForwardKey key = new(id, secret, nodes);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    /// <summary>The id and the nodes; never the secret.</summary>
    public override string ToString() => $"key {Id} of the nodes {string.Join(", ", _nodes)}";

    /// <summary>Overwrites the secret.</summary>
    public void Dispose() => _secret.Dispose();

    internal static string? FindProblem(uint id, ReadOnlySpan<uint> nodes)
    {
        if (id == 0)
            return "0 is not the id of a key: it stands for no key.";
        if (nodes.Length < 2)
            return $"Key {id}: a key is shared by two nodes, and both are named.";
        if (nodes.Length > MaxNodes)
            return $"Key {id}: at most {MaxNodes} nodes may share a key.";
        for (int i = 0; i < nodes.Length; i++)
        {
            if (nodes[i] == 0)
                return $"Key {id}: 0 is not a node id.";
            if (nodes[..i].Contains(nodes[i]))
                return $"Key {id}: node {nodes[i]} is named twice.";
        }

        return null;
    }
}
