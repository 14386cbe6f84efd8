using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Loop;
using FastForward.Transport.Node;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Actors;

/// <summary>
/// The actors of one node: dispatches the events of the node to the actors by the <see cref="ServiceId"/> of the
/// stream, and calls each actor once in every duty cycle.
/// </summary>
/// <remarks>
/// <para>A host or container with actors manages the system. A program that drives node and loop itself creates the
/// system, calls <see cref="Add"/> for each actor and <see cref="Start"/>, and starts the node with the system as its
/// handler; at the end it stops the node, then calls <see cref="Stop"/>.</para>
/// <para><b>Dispatch.</b> Messages and the ends of incoming streams go to the actor that was added with their service
/// and direction. Events of an outgoing stream (writable, undelivered) go to the actor that owns the opposite
/// direction, which receives the replies to its requests, or the requests to its replies; where no actor owns that, to
/// the owner of the stream's own direction. Peer events go to all. Requests to a service that no actor owns are
/// refused.</para>
/// <para>Confined to the loop thread from <see cref="Start"/> on; dispatch allocates nothing. The counters may be read
/// on any thread.</para>
/// </remarks>
public sealed partial class ActorSystem : IForwardHandler, INodeLifetime, ILoopSource
{
    private readonly List<ActorSlot> _slots = [];
    private readonly List<ActorStatistics> _statistics = [];
    private readonly Dictionary<ServiceId, ActorSlot> _owners = [];
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private ActorCalls? _calls; // set by Start
    private ForwardNode? _node;
    private State _state;
    private int _started;
    private bool _eventSinceWork;

    /// <summary>Creates a system without actors.</summary>
    /// <param name="loggers">Creates the logs of the system and of the actors.</param>
    public ActorSystem(ILoggerFactory? loggers = null)
    {
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _logger = _loggers.CreateLogger<ActorSystem>();
    }

    private enum State
    {
        Created,
        Running,
        Stopped,
    }

    /// <summary>The counters of each actor, in the order of <see cref="Add"/>.</summary>
    public IReadOnlyList<ActorStatistics> Statistics => _statistics.AsReadOnly();

    /// <summary>
    /// Messages and other events of streams whose service no actor owns, and all events after <see cref="Stop"/>.
    /// </summary>
    public long UnownedEvents => _calls?.UnownedEvents ?? 0;

    int ILoopSource.Descriptor => -1;

    private ActorCalls Calls =>
        _calls
        ?? throw new InvalidOperationException(
            "The node had an event before its actors were started: call ActorSystem.Start before ForwardNode.Start."
        );

    /// <summary>Adds an actor, before <see cref="Start"/>.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="services">
    /// The services whose messages it receives; <see cref="ServiceId.Reply"/> where it sends the requests.
    /// </param>
    /// <exception cref="ArgumentException">The name or a service is already in use, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">The system was already started.</exception>
    public void Add(IActor actor, params ReadOnlySpan<ServiceId> services)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (_state != State.Created)
            throw new InvalidOperationException("The actor system was already started: add all actors before Start.");
        string name = actor.Name;
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentException(
                $"An actor of type {actor.GetType().Name} has no name; logs and statistics need one.",
                nameof(actor)
            );
        if (_slots.Exists(slot => slot.Name == name))
            throw new ArgumentException(
                $"An actor named \"{name}\" already exists; names must be unique.",
                nameof(actor)
            );
        for (int i = 0; i < services.Length; i++)
        {
            if (_owners.TryGetValue(services[i], out ActorSlot? owner))
                throw new ArgumentException(
                    $"Service {services[i]} of actor \"{name}\" already belongs to actor \"{owner.Name}\"; "
                        + "a service has one owner.",
                    nameof(services)
                );
            if (services[..i].Contains(services[i]))
                throw new ArgumentException(
                    $"Service {services[i]} of actor \"{name}\" is given twice.",
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
    /// The system was already started, or an actor failed to start: the message names it, and the actors started before
    /// it were stopped.
    /// </exception>
    public void Start(ForwardNode node, ForwardLoop loop)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(loop);
        loop.VerifyAccess();
        if (_state != State.Created)
            throw new InvalidOperationException("An actor system can be started only once.");
        _node = node;
        _calls = new ActorCalls(loop, _logger);
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
    /// Stops the actors that were started, last first, and detaches the system from the loop. Must be called on
    /// the loop thread, after the node has stopped. Idempotent.
    /// </summary>
    /// <exception cref="Exception">
    /// An actor failed, and <see cref="ForwardLoopOptions.FailFast"/> is set. The other actors were stopped.
    /// </exception>
    public void Stop()
    {
        if (_state != State.Running)
        {
            _state = State.Stopped;
            return;
        }

        Calls.Loop.VerifyAccess();
        _state = State.Stopped;
        Calls.Loop.Remove(this);
        FirstFailure failure = default;
        while (_started > 0)
        {
            ActorSlot slot = _slots[--_started];
            failure.Catch(() => Calls.Stop(slot));
        }

        failure.Throw();
    }

    void INodeLifetime.OnStart(ForwardNode node, ForwardLoop loop) => Start(node, loop);

    void INodeLifetime.OnStop() => Stop();

    /// <inheritdoc/>
    void IForwardHandler.OnMessage(in ReceivedMessage message)
    {
        if (TryFindReceiver(message.Node, message.Stream, out ActorSlot? slot))
        {
            slot.Statistics.Message();
            Calls.Call<MessageCall, ReceivedMessage>(slot, message);
        }
        else if (_node is { } node && message.Class == MessageClass.Reliable)
        {
            node.Refuse(message.Credit, message.Sequence);
        }
    }

    /// <inheritdoc/>
    void IForwardHandler.OnStreamEnd(in StreamEnd end)
    {
        if (TryFindReceiver(end.Node, end.Stream, out ActorSlot? slot))
            Calls.Call<StreamEndCall, StreamEnd>(slot, end);
    }

    /// <inheritdoc/>
    void IForwardHandler.OnPeer(in PeerEvent change)
    {
        NoteEvent();
        foreach (ActorSlot slot in _slots)
        {
            if (_state != State.Running)
                return; // an actor may stop the system
            Calls.Call<PeerCall, PeerEvent>(slot, change);
        }
    }

    /// <inheritdoc/>
    void IForwardHandler.OnWritable(uint node, ulong stream)
    {
        if (TryFindSender(node, stream, out ActorSlot? slot))
            Calls.Call<WritableCall, (uint, ulong)>(slot, (node, stream));
    }

    /// <inheritdoc/>
    void IForwardHandler.OnUndelivered(in Undelivered report)
    {
        if (TryFindSender(report.Node, report.Stream, out ActorSlot? slot))
            Calls.Call<UndeliveredCall, Undelivered>(slot, report);
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
            work += Calls.Call<WorkCall, int>(slot, 0);
        }

        return work;
    }

    // Reported work makes the loop run another cycle. An event may also be raised where no work is reported, such as in
    // the flush, and may leave work for an actor.
    bool ILoopSource.Arm() => _eventSinceWork;

    void ILoopSource.Disarm() { }

    private bool TryFindReceiver(uint node, ulong stream, [NotNullWhen(true)] out ActorSlot? slot)
    {
        NoteEvent();
        slot = null;
        if (_state == State.Running && _owners.TryGetValue(ServiceId.OfStream(stream), out slot))
            return true;
        Calls.Unowned(node, stream);
        return false;
    }

    private bool TryFindSender(uint node, ulong stream, [NotNullWhen(true)] out ActorSlot? slot)
    {
        NoteEvent();
        slot = null;
        ServiceId service = ServiceId.OfStream(stream);
        if (
            _state == State.Running
            && (_owners.TryGetValue(service.Opposite, out slot) || _owners.TryGetValue(service, out slot))
        )
            return true;
        Calls.Unowned(node, stream);
        return false;
    }

    private void NoteEvent()
    {
        _eventSinceWork = true;
        _ = Calls; // throws before the start
    }

    [LoggerMessage(EventId = 1400, Level = LogLevel.Information, Message = "Actors started: {Count}")]
    private static partial void LogStarted(ILogger logger, int count);
}
