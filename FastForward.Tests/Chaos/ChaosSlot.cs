using FastForward.Tests.Host.Processes;
using FastForward.Tests.Traffic;
using FastForward.Tests.Transports;

namespace FastForward.Tests.Chaos;

/// <summary>A node of a chaos run: its processes one after the other, and what is done to the present one.</summary>
internal sealed class ChaosSlot(uint node, Func<uint, ChaosArguments> next, NetworkNamespace? network = null)
    : IDisposable
{
    private readonly List<(ChaosArguments Arguments, bool IsKilled)> _ended = [];
    private ChaosArguments? _arguments;
    private ChaosProcess? _process;
    private RawSeqPacket? _squatter;
    private Action? _recovery;
    private TimeSpan _recoversAt;
    private bool _isTerminating;

    public uint Node => node;

    public ChaosProcess Process => _process!;

    /// <summary>A fault is going on.</summary>
    public bool IsBusy => _recovery is not null || _isTerminating;

    public void Start()
    {
        _arguments = next(node);
        _process = new ChaosProcess(_arguments, network);
        string line = _process.Read();
        Assert.That(line, Is.EqualTo("ready"));
    }

    public void Kill(TimeSpan restart, bool squat)
    {
        _process!.Kill();
        if (squat)
            Squat();
        End(isKilled: true);
        _recovery = Start;
        _recoversAt = restart;
    }

    public void Pause(TimeSpan until)
    {
        _process!.Signal(RunningProgram.SIGSTOP);
        _recovery = () => _process.Signal(RunningProgram.SIGCONT);
        _recoversAt = until;
    }

    public void Terminate()
    {
        _process!.Signal(RunningProgram.SIGTERM);
        _isTerminating = true;
    }

    /// <summary>Removes the socket and its lock, as a program that cleans a directory does.</summary>
    public void RemoveFiles()
    {
        string path = ChaosTopology.SocketPath(_arguments!.Sockets, node);
        File.Delete(path);
        File.Delete(path + ".lock");
    }

    /// <summary>Another program removes the socket and listens there; the node takes it back afterwards.</summary>
    public void TakePath(TimeSpan until)
    {
        RemoveFiles();
        Squat();
        _recovery = static () => { };
        _recoversAt = until;
    }

    public void Cut() => _process!.Tell("cut");

    /// <summary>The other one of UDP and UNIX sockets comes first for what it sends.</summary>
    public void Flip() => _process!.Tell("flip");

    /// <summary>Ends a fault whose time is over.</summary>
    public void Recover(TimeSpan now)
    {
        if (_isTerminating)
        {
            if (!_process!.HasExited)
                return;
            StopInOrder();
            Start();
        }
        else if (_recovery is { } recovery && now >= _recoversAt)
        {
            // First: a node does not start while another program listens at its path, and says so.
            _squatter?.Dispose();
            _squatter = null;
            _recovery = null;
            recovery();
        }
    }

    /// <summary>Waits for the end of a process that got SIGTERM.</summary>
    public void StopInOrder()
    {
        _process!.WaitForOrderlyExit();
        _isTerminating = false;
        End(isKilled: false);
    }

    /// <summary>The journals of all processes, which have ended.</summary>
    public IEnumerable<FileJournal> Open() =>
        _ended.Select(static process => new FileJournal(
            process.Arguments.Directory,
            process.Arguments.Process,
            process.Arguments.Node
        )
        {
            IsKilled = process.IsKilled,
        });

    public void Dispose()
    {
        _process?.Dispose();
        _squatter?.Dispose();
    }

    // Listens at the path, and answers nothing.
    private void Squat()
    {
        string path = ChaosTopology.SocketPath(_arguments!.Sockets, node);
        File.Delete(path);
        _squatter = new RawSeqPacket();
        _squatter.Listen(path, backlog: 8);
    }

    private void End(bool isKilled)
    {
        _ended.Add((_arguments!, isKilled));
        _process!.Dispose();
        _process = null;
    }
}
