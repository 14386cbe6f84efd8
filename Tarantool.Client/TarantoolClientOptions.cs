using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Tarantool.Client.Connection;

namespace Tarantool.Client;

/// <summary>
/// Options of a <see cref="TarantoolClient"/>. The client validates and copies them when it is created; later changes
/// have no effect.
/// </summary>
public sealed class TarantoolClientOptions
{
    /// <summary>
    /// The servers' addresses, at least one: each an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> or a
    /// <see cref="UnixDomainSocketEndPoint"/>. The servers are tried in this order, each for at most
    /// <see cref="ConnectTimeout"/>, and the first one that accepts the user is used until its connection ends; then
    /// the others are tried at once, in the same order. User and password are the same for all. The host of a
    /// <see cref="DnsEndPoint"/> may be an address with the name of an interface (<c>fe80::7%eth0</c>). If a name has
    /// several addresses, the next one is tried when one has failed or has not been greeted for 250 ms; the one that
    /// succeeds comes first the next time. TCP traffic is not encrypted: use it only within a trusted network.
    /// </summary>
    public IReadOnlyList<EndPoint> EndPoints { get; set; } = [];

    /// <summary>
    /// The user to authenticate as, with <c>chap-sha1</c>. Default: null, which is the server's user <c>guest</c>.
    /// </summary>
    public string? UserName { get; set; }

    /// <summary>The user's password. Default: null, which is the same as empty.</summary>
    public string? Password { get; set; }

    /// <summary>
    /// The time limit of one connection attempt to one server, including greeting and authentication. Default: 5 s.
    /// With too short a limit, connecting to a busy server fails.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time limit of a request, including the wait for a connection. When it expires, the request fails with
    /// <see cref="TimeoutException"/>, and a late response is dropped. Default: 30 s;
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables it.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The largest accepted response in bytes; a larger one closes the connection with
    /// <see cref="TarantoolProtocolException"/>. The values that are decoded from a response may take as much memory
    /// again; if they need more, which responses of many small values do, the request fails with
    /// <see cref="TarantoolDataException"/>. Default: 64 MiB. So a faulty or malicious server can make the client
    /// allocate twice this per response.
    /// </summary>
    public int MaxResponseSize { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// The number of unsent request bytes above which new requests wait. Default: 16 MiB. Limits the memory that is
    /// used when a server stops reading.
    /// </summary>
    public int MaxUnsentBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How many requests may wait for a connection while there is none; further ones fail at once with
    /// <see cref="TarantoolConnectionException"/>. Default: 1024; with 0 all fail at once. The order of waiting
    /// requests is not preserved.
    /// </summary>
    public int MaxBacklog { get; set; } = 1024;

    /// <summary>
    /// Whether to reconnect in the background after the connection is lost. Default: true. If false, the client is
    /// closed when its connection is lost.
    /// </summary>
    public bool AutoReconnect { get; set; } = true;

    /// <summary>
    /// The delay after all servers have failed once; it doubles each time they all fail again. Each delay is shortened
    /// by a random part of up to one half, so that many clients do not reconnect at the same moment. Default: 100 ms.
    /// </summary>
    public TimeSpan ReconnectMinDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay between reconnect attempts. Default: 10 s.</summary>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The idle time, in whole seconds, after which TCP keep-alive probes are sent: up to 3, every 5 s. On Linux,
    /// requests that stay unacknowledged close the connection after the same total time. Default: 30 s;
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables both, and a lost peer is then noticed only by request timeouts.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock for timeouts and delays. Default: <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Creates the logger, with category <c>Tarantool.Client</c>. Default: null, no logging.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Creates the meter <c>Tarantool.Client</c>. Default: null, the client creates its own.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>Looks up a host name.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; set; } = HostLookups.FindAsync;

    /// <summary>
    /// Creates options from an address such as <c>user:password@host:3301</c>, <c>host:3301</c>,
    /// <c>[::1]:3301</c> or <c>user:password@unix/:/run/tarantool.sock</c>, or several, separated by commas:
    /// <c>user:password@host1:3301,host2:3301,unix/:/run/tarantool.sock</c>, optionally after <c>tarantool://</c>. User
    /// and password stand once, before the first address, and apply to all; they may be percent-encoded, and a comma in
    /// them must be (<c>%2C</c>). A host without port means port 3301. A path with a comma cannot be given here.
    /// </summary>
    /// <param name="address">The address, or several.</param>
    /// <returns>Options with the address set and defaults for the rest.</returns>
    /// <exception cref="FormatException">
    /// The address is malformed. The message does not contain the address, since it may include a password.
    /// </exception>
    public static TarantoolClientOptions Parse(string address) => AddressParser.Parse(address);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value is invalid; the message names it and a valid one.</exception>
    public void Validate()
    {
        ValidateEndPoints();
        if (UserName is "")
            throw new ArgumentException($"{nameof(UserName)} is empty. Use null for guest access.");
        if (UserName is null && !string.IsNullOrEmpty(Password))
            throw new ArgumentException(
                $"{nameof(Password)} is set without {nameof(UserName)}. Set both, or neither for guest access."
            );
        RequirePositive(ConnectTimeout, nameof(ConnectTimeout), mayBeInfinite: false);
        RequirePositive(RequestTimeout, nameof(RequestTimeout), mayBeInfinite: true);
        RequirePositive(KeepAlive, nameof(KeepAlive), mayBeInfinite: true);
        RequirePositive(ReconnectMinDelay, nameof(ReconnectMinDelay), mayBeInfinite: false);
        RequirePositive(ReconnectMaxDelay, nameof(ReconnectMaxDelay), mayBeInfinite: false);
        if (ReconnectMaxDelay < ReconnectMinDelay)
            throw new ArgumentException(
                $"{nameof(ReconnectMaxDelay)} ({ReconnectMaxDelay}) is below "
                    + $"{nameof(ReconnectMinDelay)} ({ReconnectMinDelay})."
            );
        if (MaxResponseSize < 1024)
            throw new ArgumentException(
                $"{nameof(MaxResponseSize)} is {MaxResponseSize}. It must be at least 1024 bytes."
            );
        if (MaxUnsentBytes < 1024)
            throw new ArgumentException(
                $"{nameof(MaxUnsentBytes)} is {MaxUnsentBytes}. It must be at least 1024 bytes."
            );
        if (MaxBacklog < 0)
            throw new ArgumentException(
                $"{nameof(MaxBacklog)} is {MaxBacklog}. Use 0 to let requests fail at once, or a positive number."
            );
        if (TimeProvider is null)
            throw new ArgumentException($"{nameof(TimeProvider)} is null. Use TimeProvider.System.");
    }

    internal TarantoolClientOptions Copy()
    {
        TarantoolClientOptions copy = (TarantoolClientOptions)MemberwiseClone();
        copy.EndPoints = EndPoints is null ? [] : [.. EndPoints];
        return copy;
    }

    private void ValidateEndPoints()
    {
        if (EndPoints is null || EndPoints.Count == 0)
            throw new ArgumentException(
                $"{nameof(EndPoints)} is empty. Add an address, or use TarantoolClientOptions.Parse(\"host:3301\")."
            );
        foreach (EndPoint? endPoint in EndPoints)
        {
            if (endPoint is not (IPEndPoint or DnsEndPoint or UnixDomainSocketEndPoint))
                throw new ArgumentException(
                    $"{nameof(EndPoints)} contains {endPoint?.GetType().Name ?? "null"}. Each must be an IPEndPoint, a "
                        + "DnsEndPoint or a UnixDomainSocketEndPoint."
                );
            if (endPoint is IPEndPoint { Port: 0 } or DnsEndPoint { Port: 0 })
                throw new ArgumentException(
                    $"{nameof(EndPoints)} contains port 0. Set the port that the server listens on, usually 3301."
                );
        }

        if (EndPoints.Distinct().Count() != EndPoints.Count)
            throw new ArgumentException($"{nameof(EndPoints)} contains an address twice. Remove one.");
    }

    private static void RequirePositive(TimeSpan value, string name, bool mayBeInfinite)
    {
        if (mayBeInfinite && value == Timeout.InfiniteTimeSpan)
            return;
        if (value <= TimeSpan.Zero || value.TotalDays > 24)
            throw new ArgumentException(
                $"{name} is {value}. It must be above zero and at most 24 days"
                    + (mayBeInfinite ? ", or Timeout.InfiniteTimeSpan." : ".")
            );
    }
}
