using System.Diagnostics.Metrics;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Transport.Diagnostics;

public sealed partial class ForwardMetrics
{
    private const string Registry = "fastforward.registry";
    private const string ServerState = "fastforward.registry.state";

    private volatile TarantoolRegistry[] _registries = [];

    /// <summary>Adds a registry, which is observed until it is disposed. Idempotent.</summary>
    /// <param name="registry">The registry; it need not be started.</param>
    public void Add(TarantoolRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        lock (_change)
        {
            if (!_registries.Contains(registry))
                _registries = [.. _registries, registry];
        }
    }

    private void AddRegistries(Meter meter)
    {
        meter.CreateObservableUpDownCounter(
            "fastforward.registry.servers",
            () => Registries<long>(CountServers),
            "{server}",
            "Servers of a registry, by what they are worth."
        );
        meter.CreateObservableUpDownCounter(
            "fastforward.registry.rows",
            () => Registries<long>(static (name, status) => [new Measurement<long>(status.Rows, name)]),
            "{row}",
            "Good rows of a registry."
        );
        meter.CreateObservableCounter(
            "fastforward.registry.changes",
            () => Registries<long>(static (name, status) => [new Measurement<long>(status.Changes, name)]),
            "{change}",
            "Times that other rows of a registry came into use."
        );
        meter.CreateObservableGauge(
            "fastforward.registry.unconfirmed",
            () =>
                Registries<double>(
                    static (name, status) => [new Measurement<double>(status.UnconfirmedFor.TotalSeconds, name)]
                ),
            "s",
            "How long no server of a registry has confirmed the rows in use; 0 while one does."
        );
    }

    private IEnumerable<Measurement<T>> Registries<T>(
        Func<KeyValuePair<string, object?>, RegistryStatus, IEnumerable<Measurement<T>>> read
    )
        where T : struct
    {
        if (Array.Exists(_registries, static registry => registry.IsDisposed))
        {
            lock (_change)
                _registries = [.. _registries.Where(static registry => !registry.IsDisposed)];
        }

        return _registries.SelectMany(registry => read(new(Registry, registry.Name), registry.Status));
    }

    private static IEnumerable<Measurement<long>> CountServers(
        KeyValuePair<string, object?> name,
        RegistryStatus status
    ) =>
        Enum.GetValues<RegistryServerState>()
            .Select(state => new Measurement<long>(
                status.Servers.Count(server => server.State == state),
                name,
                new(ServerState, MetricTags.Word(state.ToString()))
            ));
}
