using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Demo;
using FastForward.Host.Monitoring;

namespace FastForward.Tests.Host.Processes;

/// <summary>
/// Two host processes in a directory of their own: node 25011 with whatever sections a test gives it, and node 250012.
/// </summary>
internal sealed class TwoInstances : IDisposable
{
    public const uint Near = 25_011;
    public const uint Far = 250_012;

    private static readonly HashSet<int> s_ports = [];

    private readonly string _type;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fastforward-tests-");
    private readonly int[] _ports = TakePorts(4);
    private readonly List<RunningProgram> _programs = [];

    /// <param name="transport">IP or SOCKET.</param>
    public TwoInstances(string transport) => _type = $"FORWARD_TRANSPORT_{transport}";

    /// <summary>A port for a bridge.</summary>
    public int BridgePort => _ports[2];

    /// <summary>A port for a server that an outlet speaks to.</summary>
    public int TargetPort => _ports[3];

    /// <summary>The bridge section, the same text in whichever file it stands.</summary>
    public string Bridge => $"[bridge]\nlisten = 127.0.0.1:{BridgePort}\nnode = {Far}\nservice = 1\n";

    /// <summary>The outlet section.</summary>
    public string Outlet => $"[outlet]\ntarget = 127.0.0.1:{TargetPort}\nservice = 1\n";

    public string SocketFile(uint node) => Path.Combine(_directory.FullName, $"FastForward.{PortOf(node)}.sock");

    public string ControlSocket(uint node) => Path.Combine(_directory.FullName, $"FastForward.{node}.control");

    public string InstanceFile(uint node) => Path.Combine(_directory.FullName, $"{node}.conf");

    /// <summary>The directory of everything.</summary>
    public string DirectoryName => _directory.FullName;

    /// <summary>As <c>ping</c> names the path to a node.</summary>
    public string PathTo(uint node) =>
        _type == "FORWARD_TRANSPORT_IP" ? $"IP 127.0.0.1:{PortOf(node)}" : _type["FORWARD_TRANSPORT_".Length..];

    public int PortOf(uint node) => node == Near ? _ports[0] : _ports[1];

    /// <summary>Writes the file of a node: what it is and where, then <paramref name="rest"/>.</summary>
    public string Write(uint node, string rest)
    {
        string file = InstanceFile(node);
        File.WriteAllText(
            file,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                network={node}
                port={PortOf(node)}
                addresses=127.0.0.1
                socket-directory={_directory.FullName}
                {rest}
                """
            )
        );
        return file;
    }

    /// <summary>Writes the file of a node and starts its process.</summary>
    public RunningProgram Start(uint node, string sections, string keys = "")
    {
        uint peer = node == Near ? Far : Near;
        string address = _type == "FORWARD_TRANSPORT_IP" ? "127.0.0.1" : "";
        string file = Write(
            node,
            $"""
            {keys}
            [OverriddenNodes]
            {peer} = 0, {_type}, {address}, {PortOf(peer)}
            {sections}
            """
        );
        RunningProgram program = RunningProgram.StartHost("run", "--instance", file);
        _programs.Add(program);
        return program;
    }

    /// <summary>Ends a program with these.</summary>
    public void Own(RunningProgram program) => _programs.Add(program);

    /// <summary>Starts both and waits until they are connected.</summary>
    public (RunningProgram Near, RunningProgram Far) StartBoth(
        string nearSections,
        string farSections,
        string keys = ""
    )
    {
        RunningProgram near = Start(Near, nearSections, keys);
        RunningProgram far = Start(Far, farSections, keys);
        near.WaitForLine($"Node {Far}: Connected");
        far.WaitForLine($"Node {Near}: Connected");
        return (near, far);
    }

    /// <summary>
    /// Starts both and waits until one path is left: both connect at first, and one of two crossed links goes; a probe
    /// on it would have no answer.
    /// </summary>
    public (RunningProgram Near, RunningProgram Far) StartBothOnOnePath(string nearSections, string farSections)
    {
        (RunningProgram Near, RunningProgram Far) hosts = StartBoth(nearSections, farSections);
        Eventually.True(() => HasOnePath(Near) && HasOnePath(Far), static () => "one path between them");
        return hosts;
    }

    /// <summary>Starts a ping from one of the nodes.</summary>
    public RunningProgram Ping(uint from, uint to, params string[] arguments) =>
        RunningProgram.StartHost(["ping", $"{to}", "--instance", InstanceFile(from), .. arguments]);

    public void Dispose()
    {
        foreach (RunningProgram program in _programs)
            program.Dispose();
        _directory.Delete(recursive: true);
    }

    private bool HasOnePath(uint node)
    {
        using ControlClient client = ControlClient.Ask(ControlSocket(node), new ControlRequest { Command = "stat" });
        ControlAnswer? answer = client.ReadAsync(RunningProgram.Limit, CancellationToken.None).GetAwaiter().GetResult();
        return answer!.Stat!.Peers.Single().Paths.Count == 1;
    }

    // No port twice: a fixture that runs at the same time may not have bound its ports yet.
    private static int[] TakePorts(int count)
    {
        lock (s_ports)
        {
            int[] ports = FreePorts.Find(count);
            while (ports.Any(s_ports.Contains))
                ports = FreePorts.Find(count);
            s_ports.UnionWith(ports);
            return ports;
        }
    }
}
