using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Tarantool.Client;

/// <summary>
/// Where the server is and how the client behaves. Set everything, then hand it to
/// <see cref="TarantoolClient.ConnectAsync(TarantoolClientOptions, CancellationToken)"/>, which validates it and keeps
/// its own copy: later changes have no effect.
/// </summary>
public sealed class TarantoolClientOptions
{
    /// <summary>
    /// The server's address: an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> or a
    /// <see cref="UnixDomainSocketEndPoint"/>. Required. Traffic over TCP is not encrypted: use it within a network
    /// that you trust.
    /// </summary>
    public EndPoint? EndPoint { get; set; }

    /// <summary>The user to authenticate as, by <c>chap-sha1</c>. Default: none, which is the server's user <c>guest</c>.</summary>
    public string? UserName { get; set; }

    /// <summary>The user's password. Default: none, which is the same as empty.</summary>
    public string? Password { get; set; }

    /// <summary>
    /// How long one attempt may take to connect, be greeted and authenticate. Default: 5 s. Too short a time makes a
    /// busy server look dead.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a request may take from its submission to its result, waiting for a connection included; then it ends
    /// with <see cref="TimeoutException"/> and a late answer is dropped. Default: 30 s;
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables it.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The largest answer in bytes; a larger one ends the connection with <see cref="TarantoolProtocolException"/>.
    /// Default: 64 MiB. It bounds the memory that a faulty or hostile server can make the client take per answer.
    /// </summary>
    public int MaxResponseSize { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many bytes of requests may wait for the operating system to take them; above, new requests wait. Default:
    /// 16 MiB. It bounds the memory that a server which stops reading can cost.
    /// </summary>
    public int MaxUnsentBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How many requests may wait for a connection while there is none; further ones fail at once with
    /// <see cref="TarantoolConnectionException"/>. Default: 1024; 0 makes all fail at once. The order among waiting
    /// requests is not kept.
    /// </summary>
    public int MaxBacklog { get; set; } = 1024;

    /// <summary>
    /// Whether a lost connection is made anew in the background. Default: true. With false the client is finished when
    /// its connection is.
    /// </summary>
    public bool AutoReconnect { get; set; } = true;

    /// <summary>
    /// The delay before the first attempt to reconnect; it doubles with every failure. Each delay is shortened by a
    /// random part of up to one half, so that many clients do not return at the same moment. Default: 100 ms.
    /// </summary>
    public TimeSpan ReconnectMinDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay between attempts to reconnect. Default: 10 s.</summary>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After how much silence the operating system asks a TCP peer whether it is still there, every 5 s and up to 3
    /// times, in whole seconds. On Linux, sent requests that nothing acknowledges end the connection after the same time.
    /// Default: 30 s; <see cref="Timeout.InfiniteTimeSpan"/> disables both, and a peer that vanished without a word is
    /// then noticed only by time-outs.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock for time-outs and delays. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Makes the logger, of category <c>Tarantool.Client</c>. Default: none.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Makes the meter, named <c>Tarantool.Client</c>. Default: a meter of the client's own.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>
    /// Makes options from an address such as <c>user:password@host:3301</c>, <c>host:3301</c>,
    /// <c>[::1]:3301</c> or <c>user:password@unix/:/run/tarantool.sock</c>, optionally after <c>tarantool://</c>. User
    /// and password may be percent-encoded. A host without port means port 3301.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <returns>Options with the address set and defaults for the rest.</returns>
    /// <exception cref="FormatException">The address is malformed; the message does not repeat it, as it may hold a password.</exception>
    public static TarantoolClientOptions Parse(string address) => AddressParser.Parse(address);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value cannot work; the message says which, why and what would.</exception>
    public void Validate()
    {
        if (EndPoint is not (IPEndPoint or DnsEndPoint or UnixDomainSocketEndPoint))
            throw new ArgumentException(
                $"{nameof(EndPoint)} is {EndPoint?.GetType().Name ?? "not set"}. Set an IPEndPoint, a DnsEndPoint or a UnixDomainSocketEndPoint, or use TarantoolClientOptions.Parse(\"host:3301\")."
            );
        if (EndPoint is IPEndPoint { Port: 0 } or DnsEndPoint { Port: 0 })
            throw new ArgumentException(
                $"{nameof(EndPoint)} has the port 0. Set the one that the server listens on, usually 3301."
            );
        if (UserName is "")
            throw new ArgumentException($"{nameof(UserName)} is empty. Leave it null to be guest.");
        if (UserName is null && !string.IsNullOrEmpty(Password))
            throw new ArgumentException(
                $"{nameof(Password)} is set without {nameof(UserName)}. Set both, or none to be guest."
            );
        RequirePositive(ConnectTimeout, nameof(ConnectTimeout), mayBeInfinite: false);
        RequirePositive(RequestTimeout, nameof(RequestTimeout), mayBeInfinite: true);
        RequirePositive(KeepAlive, nameof(KeepAlive), mayBeInfinite: true);
        RequirePositive(ReconnectMinDelay, nameof(ReconnectMinDelay), mayBeInfinite: false);
        RequirePositive(ReconnectMaxDelay, nameof(ReconnectMaxDelay), mayBeInfinite: false);
        if (ReconnectMaxDelay < ReconnectMinDelay)
            throw new ArgumentException(
                $"{nameof(ReconnectMaxDelay)} ({ReconnectMaxDelay}) is below {nameof(ReconnectMinDelay)} ({ReconnectMinDelay})."
            );
        if (MaxResponseSize < 1024)
            throw new ArgumentException(
                $"{nameof(MaxResponseSize)} is {MaxResponseSize}. It is in bytes and at least 1024."
            );
        if (MaxUnsentBytes < 1024)
            throw new ArgumentException(
                $"{nameof(MaxUnsentBytes)} is {MaxUnsentBytes}. It is in bytes and at least 1024."
            );
        if (MaxBacklog < 0)
            throw new ArgumentException(
                $"{nameof(MaxBacklog)} is {MaxBacklog}. Use 0 to fail at once, or a positive number of requests."
            );
        if (TimeProvider is null)
            throw new ArgumentException($"{nameof(TimeProvider)} is null. Use TimeProvider.System.");
    }

    internal TarantoolClientOptions Copy() => (TarantoolClientOptions)MemberwiseClone();

    private static void RequirePositive(TimeSpan value, string name, bool mayBeInfinite)
    {
        if (mayBeInfinite && value == Timeout.InfiniteTimeSpan)
            return;
        if (value <= TimeSpan.Zero || value.TotalDays > 24)
            throw new ArgumentException(
                $"{name} is {value}. It is above zero and at most 24 days{(mayBeInfinite ? ", or Timeout.InfiniteTimeSpan" : "")}."
            );
    }
}
