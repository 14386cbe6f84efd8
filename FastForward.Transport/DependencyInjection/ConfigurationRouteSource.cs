using FastForward.Transport.Registry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace FastForward.Transport.DependencyInjection;

/// <summary>Routes from a section of the configuration. Follows changes while the program runs.</summary>
internal sealed partial class ConfigurationRouteSource : IRouteSource, IDisposable
{
    private readonly IConfiguration _section;
    private readonly ILogger? _logger;
    private readonly IDisposable _subscription;
    private volatile IReadOnlyList<RouteRow> _rows;

    public ConfigurationRouteSource(IConfiguration section, ILogger<ConfigurationRouteSource>? logger)
    {
        _section = section;
        _logger = logger;
        _rows = Read(section, []); // SetupCheck reports the problems
        _subscription = ChangeToken.OnChange(section.GetReloadToken, Reload);
    }

    public event Action? Changed;

    public string Name => "configuration";

    public RouteTable Table => RouteTable.Configuration;

    public IReadOnlyCollection<RouteRow> Rows => _rows;

    /// <summary>Reads the valid rows; the resolver validates their addresses.</summary>
    public static List<RouteRow> Read(IConfiguration section, List<string> problems)
    {
        List<RouteRow> rows = [];
        foreach (IConfigurationSection child in section.GetChildren())
        {
            uint node = 0,
                key = 0;
            int port = 0;
            string address = "";
            TransportKind? transport = null;
            ConfigurationSectionReader reader = new(child);
            reader.Read<uint>("Node", "250012", value => node = value);
            reader.Read<TransportKind>(
                "Transport",
                "SOCKET, IP, VSOCKET, RDMA",
                static text => TransportTypeMap.Default.TryParse(text, out TransportKind kind) ? kind : null,
                value => transport = value
            );
            reader.ReadText("Address", value => address = value);
            reader.Read<int>("Port", "54000", value => port = value);
            reader.Read<uint>("Key", "0", value => key = value);
            reader.RefuseUnknownKeys();
            if (reader.Problems.Count == 0 && transport is null)
                reader.Problems.Add($"{child.Path}:Transport: missing; for example SOCKET.");
            problems.AddRange(reader.Problems);
            if (reader.Problems.Count == 0)
                rows.Add(new RouteRow(node, key, transport!.Value, address, port));
        }

        return rows;
    }

    public void Dispose() => _subscription.Dispose();

    private void Reload()
    {
        List<string> problems = [];
        List<RouteRow> rows = Read(_section, problems);
        if (problems.Count > 0)
        {
            // Any problem rejects the whole change: a partial list would disconnect peers.
            if (_logger is not null)
                LogNotTaken(_logger, string.Join(' ', problems));
            return;
        }

        _rows = rows;
        Changed?.Invoke();
    }

    [LoggerMessage(
        EventId = 1603,
        Level = LogLevel.Error,
        Message = "The changed routes of the configuration are invalid; the previous ones stay in use: {Problems}"
    )]
    private static partial void LogNotTaken(ILogger logger, string problems);
}
