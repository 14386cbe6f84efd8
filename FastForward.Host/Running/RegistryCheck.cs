using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Host.Running;

/// <summary>Reads the registries of an instance once, without running its node.</summary>
internal static class RegistryCheck
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(5);

    /// <summary>Connects to all servers, and waits until each has answered or 5 s have passed.</summary>
    public static async Task<RegistryCheckReport> RunAsync(
        InstanceSettings settings,
        IReadOnlyList<ForwardKey> keys,
        CancellationToken stop
    )
    {
        List<TarantoolRegistry> registries = [];
        try
        {
            foreach (RegistrySettings registry in settings.Registries)
                registries.Add(Create(registry, settings.Network));
            await Task.WhenAll(registries.Select(registry => SettleAsync(registry, stop))).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            return Report(settings, keys, registries);
        }
        finally
        {
            foreach (TarantoolRegistry registry in registries)
                await registry.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A registry without a cache, which is the running host's own file.</summary>
    public static TarantoolRegistry Create(RegistrySettings settings, uint node)
    {
        TarantoolRegistryOptions options = new() { Name = settings.Name, OwnNode = node };
        settings.CopyTo(options);
        options.CacheFile = null;
        return new TarantoolRegistry(options);
    }

    private static async Task SettleAsync(TarantoolRegistry registry, CancellationToken stop)
    {
        TaskCompletionSource settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            RegistryStatus status = registry.Status;
            if (status.Servers.All(static server => server.State != RegistryServerState.Connecting))
                settled.TrySetResult();
        }

        registry.StatusChanged += Look;
        registry.Start();
        Look();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(s_longestWait);
        await settled.Task.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        registry.StatusChanged -= Look;
    }

    private static RegistryCheckReport Report(
        InstanceSettings settings,
        IReadOnlyList<ForwardKey> keys,
        List<TarantoolRegistry> registries
    )
    {
        RouteOptions options = new()
        {
            SocketDirectory = settings.SocketDirectory,
            AllowUnkeyedNetwork = settings.AllowUnkeyedNetwork,
        };
        using OverrideResolver resolver = new(
            [.. registries.SelectMany(static registry => registry.Sources), .. new InstanceRoutes(settings).Sources],
            options
        );
        EffectiveRoute[] routes = [.. resolver.GetRoutes().Where(route => route.Row.Node != settings.Network)];
        List<string> problems = [],
            warnings = [];
        RegistryStatus[] states = [.. registries.Select(static registry => registry.Status)];
        foreach (RegistryStatus state in states)
            problems.AddRange(FindProblems(state));
        FindKeyProblems(settings, keys, routes, problems, warnings);
        return new RegistryCheckReport
        {
            Node = settings.Network,
            Registries = [.. states.Select(RegistryReports.Report)],
            Routes = [.. routes.Select(Report)],
            SkippedRows = [.. resolver.Problems.Select(static row => new RowReport(row.Source, row.Row, row.Reason))],
            Problems = problems,
            Warnings = warnings,
        };
    }

    private static IEnumerable<string> FindProblems(RegistryStatus registry) =>
        registry
            .Servers.Where(static server => server.State != RegistryServerState.Current)
            .Select(server =>
            {
                string state = server.State.ToString().ToLowerInvariant();
                return $"{registry.Name}: {server.Address} is {state}: {server.Detail ?? "no answer within 5 s"}";
            });

    private static void FindKeyProblems(
        InstanceSettings settings,
        IReadOnlyList<ForwardKey> keys,
        EffectiveRoute[] routes,
        List<string> problems,
        List<string> warnings
    )
    {
        (uint Node, uint KeyId)[] demanded =
        [
            .. routes
                .Where(static route => route is { IsPreferred: true, KeyId: not 0 })
                .Select(static route => (route.Row.Node, route.KeyId)),
        ];
        foreach ((uint node, uint id) in demanded)
        {
            if (settings.KeyFile is not { } file)
                problems.Add($"node {node} demands key {id}, and the instance file names no key-file");
            else if (keys.FirstOrDefault(key => key.Id == id) is not { } key)
                problems.Add($"node {node} demands key {id}, which {file} does not have");
            else if (!key.Nodes.Contains(node) || !key.Nodes.Contains(settings.Network))
                problems.Add(
                    $"node {node} demands key {id}, which {file} has for the nodes {string.Join(", ", key.Nodes)}"
                );
        }

        foreach (IGrouping<uint, uint> shared in demanded.GroupBy(static pair => pair.KeyId, static pair => pair.Node))
        {
            if (shared.Count() > 1)
                warnings.Add(
                    $"key {shared.Key} serves the nodes {string.Join(", ", shared)}: each of them can pose as another"
                );
        }
    }

    private static RouteReport Report(EffectiveRoute route) =>
        new()
        {
            Node = route.Row.Node,
            KeyId = route.KeyId,
            Transport = TransportTypeMap.NameOf(route.Row.Transport),
            Address = route.Row.Address,
            Port = route.Row.Port,
            Source = route.Source,
            Hidden = !route.IsPreferred,
        };
}
