using System.Globalization;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>How changes of a server are noticed.</summary>
public enum RegistryNotice
{
    /// <summary>Not known before the server has answered.</summary>
    Unknown,

    /// <summary>The server announces them (<c>box.watch</c>, Tarantool 2.10 and later).</summary>
    Watch,

    /// <summary>A request waits at the server until there is one.</summary>
    LongPoll,

    /// <summary>The spaces are read again and again, since the server has no registry.lua.</summary>
    Poll,
}

/// <summary>One server of a registry at one moment.</summary>
public sealed class RegistryServerStatus
{
    internal RegistryServerStatus() { }

    /// <summary>As configured.</summary>
    public required string Address { get; init; }

    /// <summary>What it is worth.</summary>
    public required RegistryServerState State { get; init; }

    /// <summary>Why it is not current, in one line; null when it is.</summary>
    public required string? Detail { get; init; }

    /// <summary>How its changes are noticed.</summary>
    public required RegistryNotice Notice { get; init; }

    /// <summary>The writes that its rows are of; null when it does not say.</summary>
    public required ulong? Writes { get; init; }

    /// <summary>It takes no writes; null when it does not say.</summary>
    public required bool? IsReadOnly { get; init; }
}

/// <summary>A registry at one moment.</summary>
public sealed class RegistryStatus
{
    internal RegistryStatus() { }

    /// <summary>Its name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the replica set whose rows are in use; null when not known.</summary>
    public required Guid? Registry { get; init; }

    /// <summary>The writes that the rows in use are of; null when not known.</summary>
    public required ulong? Writes { get; init; }

    /// <summary>
    /// The server whose rows are in use, or the name of the cache file; null before there are any.
    /// </summary>
    public required string? Source { get; init; }

    /// <summary>
    /// A server answers and its rows are in use. If not, the last good ones are in use, if there are any.
    /// </summary>
    public required bool IsConfirmed { get; init; }

    /// <summary>How long that has not been so; zero when it is.</summary>
    public required TimeSpan UnconfirmedFor { get; init; }

    /// <summary>The good rows in use.</summary>
    public required int Rows { get; init; }

    /// <summary>How often other rows came into use since the start.</summary>
    public required long Changes { get; init; }

    /// <summary>All servers in the configured order.</summary>
    public required IReadOnlyList<RegistryServerStatus> Servers { get; init; }

    /// <summary>
    /// What an operator has to know while no server confirms the rows, in one line; null when one does.
    /// </summary>
    public string? Problem
    {
        get
        {
            if (IsConfirmed)
                return null;
            string servers = string.Join("; ", Servers.Select(static server => $"{server.Address}: {server.Detail}"));
            string rows = Source is null ? "there are no rows" : $"the last good rows, of {Source}, are in use";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Name}: no server has confirmed the rows for {UnconfirmedFor.TotalSeconds:0} s; {rows} ({servers})"
            );
        }
    }
}
