using FastForward.Transport.Actors;
using FastForward.Transport.Async;
using FastForward.Transport.Logging;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

/// <content>What the node, or the actor system, calls on the loop thread.</content>
public sealed partial class ForwardClient : IForwardHandler, INodeLifetime, IActor
{
    private LogGate _undeliveredGate;

    string IActor.Name => nameof(ForwardClient);

    void IForwardHandler.OnMessage(in ReceivedMessage message) => OnMessage(message);

    void IForwardHandler.OnStreamEnd(in StreamEnd end) => OnStreamEnd(end);

    void IForwardHandler.OnPeer(in PeerEvent change) => OnPeer(change);

    void IForwardHandler.OnWritable(uint node, ulong stream) => _sends.OnWritable(Node, node, stream);

    void IForwardHandler.OnUndelivered(in Undelivered report) => OnUndelivered(report);

    void INodeLifetime.OnStart(ForwardNode node, ForwardLoop loop) => Attach(node, loop);

    void INodeLifetime.OnStop() => Close();

    void IActor.OnStart(ActorContext context) => Attach(context.Node, context.Loop);

    void IActor.OnMessage(in ReceivedMessage message) => OnMessage(message);

    void IActor.OnStreamEnd(in StreamEnd end) => OnStreamEnd(end);

    void IActor.OnPeer(in PeerEvent change) => OnPeer(change);

    void IActor.OnWritable(uint node, ulong stream) => _sends.OnWritable(Node, node, stream);

    void IActor.OnUndelivered(in Undelivered report) => OnUndelivered(report);

    void IActor.OnStop() => Close();

    private void OnMessage(in ReceivedMessage message)
    {
        if (_pipes.Count > 0 && _pipes.TryGetValue((message.Node, message.Stream), out ForwardPipe? pipe))
        {
            if (!pipe.IsAccepting || message.Sequence > 0)
            {
                pipe.OnMessage(Node, message);
                return;
            }

            // A stream begins once: this one belongs to the peer's next process.
            pipe.Fail(Restarted(message.Node));
        }

        ServiceId service = message.Service;
        if (service.IsReply && _requests.Find(message.Node, message.Stream) is { } request)
        {
            request.OnMessage(message);
            return;
        }

        if (_early.Count > 0)
            ClaimEarly(service); // before this one, which came later
        Dispatch(message, isEarly: false);
    }

    private void Dispatch(in ReceivedMessage message, bool isEarly)
    {
        _services.TryGetValue(message.Service, out object? owner);
        if (owner is ForwardReceiver receiver)
            Take(receiver, message, losses: 0);
        else if (owner is ForwardPipeListener listener && IsOpening(message))
            Accept(listener, message);
        else if (owner is ForwardResponder responder && RequestProtocol.IsRequest(message))
            Take(responder.Receiver, message, responder.LossesOf(message.Node));
        else
            Unclaimed(message, mayWait: owner is null && !isEarly);
    }

    // Messages of a service that has an owner since.
    private void ClaimEarly(ServiceId service)
    {
        if (!_services.ContainsKey(service))
            return;
        while (_early.Take(service) is { } slot)
        {
            // Those of an association that has ended were reported by their sender.
            if (Node.IsOfLivingAssociation(slot.Credit))
            {
                Dispatch(slot.AsReceived, isEarly: true);
                Node.AcceptWithheld(slot.Credit);
            }

            slot.Return(slot.Version);
        }
    }

    private void OnStreamEnd(in StreamEnd end)
    {
        ServiceId service = end.Service;
        if (_pipes.TryGetValue((end.Node, end.Stream), out ForwardPipe? pipe))
            pipe.OnStreamEnd(end);
        else if (service.IsReply && _requests.Find(end.Node, end.Stream) is { } request)
            request.OnStreamEnd(end);
        else if (_services.TryGetValue(service, out object? owner) ? owner is ForwardReceiver : !service.IsReply)
            StreamEnded?.Invoke(end);
    }

    private void OnPeer(in PeerEvent change)
    {
        if (change.Kind is PeerEventKind.Lost or PeerEventKind.Restarted)
        {
            uint node = change.Node;
            bool isRestart = change.Kind == PeerEventKind.Restarted;
            foreach (ForwardPipe pipe in _pipes.Values.Where(pipe => pipe.Node == node).ToArray())
                pipe.Fail(isRestart ? Restarted(node) : pipe.Lost());
            _requests.FailSent(node, isRestart ? UndeliveredReason.PeerRestarted : UndeliveredReason.PeerLost);
            foreach (object owner in _services.Values)
                (owner as ForwardResponder)?.OnPeerLost(node);
        }

        PeerChanged?.Invoke(change);
    }

    private void OnUndelivered(in Undelivered report)
    {
        ulong incoming = ServiceId.OppositeStream(report.Stream);
        if (_pipes.TryGetValue((report.Node, incoming), out ForwardPipe? pipe))
            pipe.OnUndelivered(report);
        else if (_requests.Find(report.Node, incoming) is { } request)
            request.Fail(
                report.Reason == UndeliveredReason.StreamReset
                    ? new ForwardRefusedException(report.Node, ForwardRefusedException.NotServed)
                    : new ForwardUndeliveredException(report.Node, report.Reason)
            );
        else if (Undelivered is null && _undeliveredGate.TryPass(_loop!.NowMicros, out long suppressed))
            LogUndelivered(Logger, report.Count, report.Service, report.Node, report.Reason, suppressed);
        Undelivered?.Invoke(report);
    }

    private void Take(ForwardReceiver receiver, in ReceivedMessage message, int losses)
    {
        MessageSlot slot = _slots.Rent(message);
        slot.PeerLosses = losses;
        Node.HoldCredit(message.Credit, message.Credit.Bytes);
        receiver.Add(slot);
    }

    private void Unclaimed(in ReceivedMessage message, bool mayWait)
    {
        if (message is { Service.IsReply: true, Class: MessageClass.Reliable, Sequence: 0 })
        {
            _requests.CountLateReply();
            if (!message.IsLast)
                Node.RefuseStream(message.Node, message.Stream);
            return;
        }

        if (message.Class != MessageClass.Reliable)
        {
            _unclaimed++;
        }
        else if (IsOpening(message) && !message.Service.IsReply)
        {
            _unclaimed++;
            Reject(message, ForwardPipeException.NoListener);
        }
        else if (!mayWait || _left.ContainsKey(message.Service) || !_early.TryHold(Node, _loop!, Logger, message))
        {
            _early.Refuse(Node, _loop!, Logger, message);
        }
    }

    [LoggerMessage(
        EventId = 1702,
        Level = LogLevel.Warning,
        Message = "{Count} messages to service {Service} of node {Node} were not delivered: {Reason} ({Suppressed} "
            + "more reports since the last of these entries; handle ForwardClient.Undelivered to be told of each)"
    )]
    private static partial void LogUndelivered(
        ILogger logger,
        ulong count,
        ServiceId service,
        uint node,
        UndeliveredReason reason,
        long suppressed
    );
}
