using System.Diagnostics.Metrics;

namespace FastForward.Host.Actors;

/// <summary>
/// The meter <c>FastForward.Host</c>: the counters of bridges and outlets (docs/operations.md). All instruments are
/// observed, so they cost nothing per datagram.
/// </summary>
internal sealed class ServiceMetrics
{
    public const string MeterName = "FastForward.Host";

    private volatile ICountedService[] _services = [];

    public ServiceMetrics(IMeterFactory factory)
    {
        Meter meter = factory.Create(new MeterOptions(MeterName));
        meter.CreateObservableUpDownCounter(
            "fastforward.service.clients",
            () => _services.Select(static service => Of(service, service.ClientCount)),
            "{client}",
            "Clients of a bridge, sockets of an outlet."
        );
        meter.CreateObservableCounter(
            "fastforward.service.datagrams",
            () =>
                _services.SelectMany(static service =>
                    new[]
                    {
                        Of(service, service.ToNode, "network.io.direction", "transmit"),
                        Of(service, service.FromNode, "network.io.direction", "receive"),
                    }
                ),
            "{datagram}",
            "Datagrams sent to the node at the other end, and datagrams of that node passed on."
        );
        meter.CreateObservableCounter(
            "fastforward.service.datagrams.dropped",
            () =>
                _services.SelectMany(static service =>
                    service.Drops.Counts.Select(drop => Of(service, drop.Value, "fastforward.reason", drop.Key))
                ),
            "{datagram}",
            "Datagrams that a bridge or an outlet dropped."
        );
    }

    /// <summary>The bridges and outlets in the order in which they were added.</summary>
    public IReadOnlyList<ICountedService> Services => _services;

    /// <summary>Adds a bridge or an outlet.</summary>
    public T Add<T>(T service)
        where T : ICountedService
    {
        _services = [.. _services, service];
        return service;
    }

    private static Measurement<long> Of(ICountedService service, long value) =>
        new(value, new KeyValuePair<string, object?>("fastforward.service", service.Name));

    private static Measurement<long> Of(ICountedService service, long value, string tag, string word) =>
        new(
            value,
            new KeyValuePair<string, object?>("fastforward.service", service.Name),
            new KeyValuePair<string, object?>(tag, word)
        );
}
