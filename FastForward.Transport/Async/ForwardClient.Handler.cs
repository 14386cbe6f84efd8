using System.Buffers.Binary;
using FastForward.Transport.Actors;
using FastForward.Transport.Async;

namespace FastForward.Transport;

/// <content>What the node, or the actor system, calls on the loop thread.</content>
public sealed partial class ForwardClient : IForwardHandler, IActor
{
    string IActor.Name => nameof(ForwardClient);

    void IForwardHandler.OnMessage(in ReceivedMessage message) => OnMessage(message);

    void IForwardHandler.OnStreamEnd(in StreamEnd end) => OnStreamEnd(end);

    void IForwardHandler.OnPeer(in PeerEvent change) => OnPeer(change);

    void IForwardHandler.OnWritable(uint node, ulong stream) => _sends.OnWritable(Node, node, stream);

    void IForwardHandler.OnUndelivered(in Undelivered report) => OnUndelivered(report);

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

            // A stream begins once: this one is of the peer's next life.
            pipe.Fail(Restarted(message.Node));
        }

        if (
            _services.TryGetValue(ActorStream.ServiceOf(message.Stream), out object? owner)
            && owner is ForwardReceiver receiver
        )
            Take(receiver, message);
        else if (owner is ForwardPipeListener listener && IsOpening(message))
            Accept(listener, message);
        else
            Unclaimed(message);
    }

    private void OnStreamEnd(in StreamEnd end)
    {
        if (_pipes.TryGetValue((end.Node, end.Stream), out ForwardPipe? pipe))
            pipe.OnStreamEnd(end);
        else
            StreamEnded?.Invoke(end);
    }

    private void OnPeer(in PeerEvent change)
    {
        if (change.Kind is PeerEventKind.Lost or PeerEventKind.Restarted && _pipes.Count > 0)
        {
            uint node = change.Node;
            bool isRestart = change.Kind == PeerEventKind.Restarted;
            foreach (ForwardPipe pipe in _pipes.Values.Where(pipe => pipe.Node == node).ToArray())
                pipe.Fail(isRestart ? Restarted(node) : pipe.Lost());
        }

        PeerChanged?.Invoke(change);
    }

    private void OnUndelivered(in Undelivered report)
    {
        if (_pipes.TryGetValue((report.Node, ForwardPipe.Opposite(report.Stream)), out ForwardPipe? pipe))
            pipe.OnUndelivered(report);
        Undelivered?.Invoke(report);
    }

    private static bool IsOpening(in ReceivedMessage message) =>
        message is { Class: MessageClass.Reliable, Sequence: 0, IsLast: false, Payload.IsEmpty: true };

    private void Take(ForwardReceiver receiver, in ReceivedMessage message)
    {
        MessageSlot slot = _slots.Rent(message);
        Node.HoldCredit(message.Credit, message.Credit.Bytes);
        receiver.Add(slot);
    }

    private void Accept(ForwardPipeListener listener, in ReceivedMessage message)
    {
        if (listener.IsFull)
        {
            Reject(message, ForwardPipeException.BacklogFull);
            return;
        }

        ForwardPipe pipe = new(this, message.Node, message.Stream);
        // An answer of no bytes accepts. The listener gets the pipe after it, so that nothing overtakes it.
        if (!Node.Send(message.Node, pipe.Outgoing, MessageClass.Reliable, []).IsAccepted)
        {
            Node.RefuseStream(message.Node, message.Stream);
            return;
        }

        pipe.Bind(Node, message);
        _pipes.Add((message.Node, message.Stream), pipe);
        if (!listener.TryAdd(pipe))
            pipe.Fail(new ForwardPipeException(ForwardPipeException.NoListener, "The listener was disposed of."));
    }

    private void Unclaimed(in ReceivedMessage message)
    {
        _unclaimed++;
        if (message.Class != MessageClass.Reliable)
            return;
        // Who connects a pipe hears why; whoever sends a message hears it with the next one.
        if (IsOpening(message) && ActorStream.ServiceOf(message.Stream) < ActorStream.AnswerBit)
            Reject(message, ForwardPipeException.NoListener);
        else
            Node.RefuseStream(message.Node, message.Stream);
    }

    // The other side resets its stream then. To refuse it here would be told before the answer, and without a reason.
    private void Reject(in ReceivedMessage opening, uint code)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, code);
        SendResult answer = Node.Send(
            opening.Node,
            ForwardPipe.Opposite(opening.Stream),
            MessageClass.Reliable,
            payload,
            SendOptions.End
        );
        if (!answer.IsAccepted)
            Node.RefuseStream(opening.Node, opening.Stream);
    }

    private static ForwardPipeException Restarted(uint node) =>
        new(PipeFailure.PeerRestarted, 0, $"Node {node} is a new process, which knows nothing of the pipe.");
}
