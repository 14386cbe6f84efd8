using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Actors;

/// <summary>
/// The actors of one node: hands every event of the node to the actor it concerns, by the service number in the stream id
/// (<see cref="ActorStream"/>), and gives each actor its turn in the duty cycle.
/// </summary>
/// <remarks>
/// <para>Order of a program: make the system, <see cref="Add"/> the actors, make the <see cref="ForwardNode"/> with the
/// system as its handler, <see cref="Start"/> the system, start the node; at the end stop the node, then
/// <see cref="Stop"/> the system.</para>
/// <para><b>Who gets what.</b> Messages and the ends of incoming streams go to the actor that was added with their
/// service. What concerns an outgoing stream (writable again, undelivered) goes to the actor that owns the opposite
/// service, since whoever sends requests receives their answers and the other way round; where nobody owns that one, to
/// the owner of the service itself. Peer events go to all.</para>
/// <para>Belongs to the loop thread from <see cref="Start"/> on; dispatch allocates nothing. The counters may be read on
/// any thread.</para>
/// </remarks>
public sealed partial class ActorSystem : IForwardHandler, ILoopSource
{
    private readonly List<ActorSlot> _slots = [];
    private readonly List<ActorStatistics> _statistics = [];
    private readonly Dictionary<ServiceId, ActorSlot> _owners = [];
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly ActorCalls _calls;
    private ForwardLoop? _loop;
    private State _state;
    private int _started;
    private bool _eventSinceWork;

    /// <summary>Creates a system without actors.</summary>
    /// <param name="loggers">Where failures are reported, and where the actors' own logs come from.</param>
    public ActorSystem(ILoggerFactory? loggers = null)
    {
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _logger = _loggers.CreateLogger<ActorSystem>();
        _calls = new ActorCalls(_logger);
    }

    private enum State
    {
        Made,
        Running,
        Stopped,
    }

    /// <summary>The counters of each actor, in the order of <see cref="Add"/>.</summary>
    public IReadOnlyList<ActorStatistics> Statistics => _statistics.AsReadOnly();

    /// <summary>
    /// Messages and other events of streams whose service no actor owns, and whatever came after <see cref="Stop"/>.
    /// </summary>
    public long UnownedEvents => _calls.UnownedEvents;

    int ILoopSource.Descriptor => -1;

    /// <summary>Adds an actor, before <see cref="Start"/>.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="services">The services whose messages it receives; <see cref="ServiceId.Reply"/> where it sends the requests.</param>
    /// <exception cref="ArgumentException">The name or a service is taken already, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">The system was started already.</exception>
    public void Add(IActor actor, params ReadOnlySpan<ServiceId> services)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (_state != State.Made)
            throw new InvalidOperationException("The actor system was started already: add all actors before Start.");
        string name = actor.Name;
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentException(
                $"An actor of type {actor.GetType().Name} has no name; logs and statistics need one.",
                nameof(actor)
            );
        if (_slots.Exists(slot => slot.Name == name))
            throw new ArgumentException(
                $"There is an actor named \"{name}\" already; names are unique.",
                nameof(actor)
            );
        for (int i = 0; i < services.Length; i++)
        {
            if (_owners.TryGetValue(services[i], out ActorSlot? owner))
                throw new ArgumentException(
                    $"Service {services[i]} of actor \"{name}\" belongs to actor \"{owner.Name}\" already; a service has one owner.",
                    nameof(services)
                );
            if (services[..i].Contains(services[i]))
                throw new ArgumentException(
                    $"Service {services[i]} of actor \"{name}\" is named twice.",
                    nameof(services)
                );
        }

        ActorSlot added = new(actor, name);
        _slots.Add(added);
        _statistics.Add(added.Statistics);
        foreach (ServiceId service in services)
            _owners.Add(service, added);
    }

    /// <summary>
    /// Starts the actors in the order they were added, and attaches the system to the loop. Call it on the loop thread,
    /// before the node is started.
    /// </summary>
    /// <param name="node">The node whose handler this system is.</param>
    /// <param name="loop">The node's loop.</param>
    /// <exception cref="InvalidOperationException">
    /// It was started before, or an actor could not start: the message names it, the actors before it were stopped again.
    /// </exception>
    public void Start(ForwardNode node, ForwardLoop loop)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(loop);
        loop.VerifyAccess();
        if (_state != State.Made)
            throw new InvalidOperationException("An actor system starts once.");
        _loop = loop;
        _calls.Loop = loop;
        _state = State.Running;
        loop.Add(this);
        foreach (ActorSlot slot in _slots)
        {
            try
            {
                _started++;
                slot.Actor.OnStart(
                    new ActorContext(slot.Name, node, loop, _loggers.CreateLogger($"FastForward.Actors.{slot.Name}"))
                );
            }
            catch (Exception exception)
            {
                Stop();
                throw new InvalidOperationException(
                    $"Actor \"{slot.Name}\" could not start: {exception.Message}",
                    exception
                );
            }
        }

        LogStarted(_logger, _slots.Count);
    }

    /// <summary>
    /// Stops the actors that were started, last first, and detaches the system from the loop. Call it on the loop
    /// thread, after the node stopped. Nothing happens the second time.
    /// </summary>
    public void Stop()
    {
        if (_state != State.Running)
        {
            _state = State.Stopped;
            return;
        }

        _loop!.VerifyAccess();
        _state = State.Stopped;
        _loop.Remove(this);
        while (_started > 0)
            _calls.Stop(_slots[--_started]);
    }

    /// <inheritdoc/>
    void IForwardHandler.OnMessage(in ReceivedMessage message)
    {
        if (TryFindReceiver(message.Node, message.Stream, out ActorSlot? slot))
            _calls.Message(slot, message);
    }

    /// <inheritdoc/>
    void IForwardHandler.OnStreamEnd(in StreamEnd end)
    {
        if (TryFindReceiver(end.Node, end.Stream, out ActorSlot? slot))
            _calls.StreamEnd(slot, end);
    }

    /// <inheritdoc/>
    void IForwardHandler.OnPeer(in PeerEvent change)
    {
        Arrive();
        foreach (ActorSlot slot in _slots)
        {
            if (_state != State.Running)
                return; // an actor may stop the system
            _calls.Peer(slot, change);
        }
    }

    /// <inheritdoc/>
    void IForwardHandler.OnWritable(uint node, ulong stream)
    {
        if (TryFindSender(node, stream, out ActorSlot? slot))
            _calls.Writable(slot, node, stream);
    }

    /// <inheritdoc/>
    void IForwardHandler.OnUndelivered(in Undelivered report)
    {
        if (TryFindSender(report.Node, report.Stream, out ActorSlot? slot))
            _calls.Undelivered(slot, report);
    }

    /// <inheritdoc/>
    int ILoopSource.Poll(int budget)
    {
        int work = 0;
        _eventSinceWork = false;
        foreach (ActorSlot slot in _slots)
        {
            if (_state != State.Running)
                break; // an actor may stop the system
            work += _calls.Work(slot);
        }

        return work;
    }

    // Work that an actor found makes the loop run another cycle anyway. An event may have come from a place that does not
    // count as work, such as the flush, and may have left an actor something to do.
    bool ILoopSource.Arm() => _eventSinceWork;

    void ILoopSource.Disarm() { }

    private bool TryFindReceiver(uint node, ulong stream, [NotNullWhen(true)] out ActorSlot? slot)
    {
        Arrive();
        slot = null;
        if (_state == State.Running && _owners.TryGetValue(ServiceId.OfStream(stream), out slot))
            return true;
        _calls.Unowned(node, stream);
        return false;
    }

    private bool TryFindSender(uint node, ulong stream, [NotNullWhen(true)] out ActorSlot? slot)
    {
        Arrive();
        slot = null;
        ServiceId service = ServiceId.OfStream(stream);
        if (
            _state == State.Running
            && (_owners.TryGetValue(service.Opposite, out slot) || _owners.TryGetValue(service, out slot))
        )
            return true;
        _calls.Unowned(node, stream);
        return false;
    }

    private void Arrive()
    {
        _eventSinceWork = true;
        if (_state == State.Made)
            throw new InvalidOperationException(
                "The node had an event before its actors were started: call ActorSystem.Start before ForwardNode.Start."
            );
    }

    [LoggerMessage(EventId = 1400, Level = LogLevel.Information, Message = "{Count} actors started")]
    private static partial void LogStarted(ILogger logger, int count);
}
