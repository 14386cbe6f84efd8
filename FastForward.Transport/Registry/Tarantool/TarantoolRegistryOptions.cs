using Microsoft.Extensions.Logging;
using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>Settings of a <see cref="TarantoolRegistry"/>, which validates and copies them.</summary>
public sealed class TarantoolRegistryOptions
{
    /// <summary>A name for messages. Default <c>registry</c>.</summary>
    public string Name { get; set; } = "registry";

    /// <summary>
    /// The servers of the registry, replicas of each other, the nearest one first:
    /// <c>unix/:/run/tarantool/registry.sock</c>, <c>10.0.0.7:3301</c>, <c>registry.example.net</c>. All are followed
    /// at the same time, and the newest rows that one of them shows are in use. 1 to 16.
    /// </summary>
    public IList<string> Servers { get; set; } = [];

    /// <summary>The user at all servers; null for the servers' <c>guest</c>.</summary>
    public string? UserName { get; set; }

    /// <summary>
    /// The user's password. It is sent as a hash with a nonce (chap-sha1); what follows is not encrypted.
    /// </summary>
    public string? Password { get; set; }

    /// <summary>
    /// Which spaces are read. Default both. A process that takes <c>Nodes</c> from another registry has two of them,
    /// each with one table.
    /// </summary>
    public IList<RouteTable> Tables { get; set; } = [RouteTable.OverriddenNodes, RouteTable.Nodes];

    /// <summary>
    /// The node's own id: rows about it are for the other nodes that share the registry, and are not read. Default 0,
    /// no node.
    /// </summary>
    public uint OwnNode { get; set; }

    /// <summary>
    /// A file that keeps the last rows, so that a process which starts while no server answers has routes. Written
    /// whenever rows change, for its owner alone. Default null: none.
    /// </summary>
    public string? CacheFile { get; set; }

    /// <summary>
    /// How long a request for changes may wait at a server before it is asked again, and how often a server with
    /// watchers is asked whether it still answers. Default 10 s; 1 s to 60 s.
    /// </summary>
    public TimeSpan WaitTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often the spaces of a server without <c>registry.lua</c> are read. Default 1 s; 100 ms to 60 s.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The numbers of the transport types. Default <see cref="TransportTypeMap.Default"/>.</summary>
    public TransportTypeMap TransportTypes { get; set; } = TransportTypeMap.Default;

    /// <summary>Receives log messages; null for none.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>How much longer than it should a server may take to answer.</summary>
    internal TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(5);

    internal TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>The most servers of a registry.</summary>
    public const int MostServers = 16;

    /// <summary>What is wrong with the address of a server, and a right one; null when nothing is.</summary>
    public static string? FindServerProblem(string address)
    {
        const string Examples = "write for example 10.0.0.7:3301 or unix/:/run/tarantool/registry.sock.";
        try
        {
            TarantoolClientOptions options = TarantoolClientOptions.Parse(address);
            options.Validate();
            return options.UserName is null
                ? null
                : "The address has a user; give user and password apart from it, and for all servers.";
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            return $"{exception.Message.TrimEnd('.')}; {Examples}";
        }
    }

    /// <summary>Everything that is wrong, each with a right example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (string.IsNullOrWhiteSpace(Name))
            yield return $"{nameof(Name)} is empty; write for example registry.";
        if (Servers.Count is < 1 or > MostServers)
            yield return $"{nameof(Servers)} has {Servers.Count} addresses. Give 1 to {MostServers}, for example "
                + "unix/:/run/tarantool/registry.sock.";
        for (int i = 0; i < Servers.Count; i++)
        {
            if (FindServerProblem(Servers[i]) is { } problem)
                yield return $"{nameof(Servers)}[{i}]: {problem}";
        }

        if (UserName is "")
            yield return $"{nameof(UserName)} is empty. Use null for the user guest.";
        if (UserName is null && !string.IsNullOrEmpty(Password))
            yield return $"{nameof(Password)} is given without {nameof(UserName)}.";
        if (
            Tables.Count == 0
            || Tables.Any(static table => table is not (RouteTable.OverriddenNodes or RouteTable.Nodes))
            || Tables.Distinct().Count() < Tables.Count
        )
            yield return $"{nameof(Tables)} must name {nameof(RouteTable.OverriddenNodes)}, "
                + $"{nameof(RouteTable.Nodes)} or both, each once.";
        if (CacheFile is not null && !Path.IsPathRooted(CacheFile))
            yield return $"{nameof(CacheFile)} is no absolute path; write for example "
                + "/var/lib/fastforward/250012.routes.";
        if (WaitTime < TimeSpan.FromSeconds(1) || WaitTime > TimeSpan.FromSeconds(60))
            yield return $"{nameof(WaitTime)} is {WaitTime}. Give 1 s to 60 s.";
        if (PollInterval < TimeSpan.FromMilliseconds(100) || PollInterval > TimeSpan.FromSeconds(60))
            yield return $"{nameof(PollInterval)} is {PollInterval}. Give 100 ms to 60 s.";
        if (TransportTypes is null)
            yield return $"{nameof(TransportTypes)} is null.";
    }

    internal TarantoolRegistryOptions Copy()
    {
        TarantoolRegistryOptions copy = (TarantoolRegistryOptions)MemberwiseClone();
        copy.Servers = [.. Servers];
        copy.Tables = [.. Tables];
        return copy;
    }

    internal TarantoolClientOptions ToClientOptions(string server)
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse(server);
        options.UserName = UserName;
        options.Password = Password;
        options.TimeProvider = TimeProvider;
        options.MaxBacklog = 0; // a request without a connection fails at once, and says why
        options.AutoReconnect = false; // the reason of each failure is shown
        return options;
    }
}
