using FastForward.Transport.Actors;

namespace FastForward.Transport.Async.Requests;

/// <summary>A request that waits for its reply. It completes once; whatever follows is ignored. Thread-safe.</summary>
/// <param name="node">The node that is asked.</param>
/// <param name="stream">The stream of the request.</param>
internal sealed class PendingRequest(uint node, ulong stream) : ISendScope
{
    private readonly TaskCompletionSource<byte[]> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isSent;

    public uint Node => node;

    public ulong Stream => stream;

    public ulong ReplyStream => ServiceId.OppositeStream(stream);

    /// <summary>The node accepted the message: it may arrive.</summary>
    public bool IsSent => _isSent;

    public Task<byte[]> Reply => _reply.Task;

    public bool IsOver(ForwardNode own) => _reply.Task.IsCompleted;

    public void OnAccepted() => _isSent = true;

    /// <summary>A message of the stream of the reply.</summary>
    public void OnMessage(in ReceivedMessage message)
    {
        if (RequestProtocol.IsReply(message))
            _reply.TrySetResult(message.Payload.ToArray());
        else if (RequestProtocol.IsRefusal(message))
            Fail(new ForwardRefusedException(node, RequestProtocol.ReadCode(message.Payload)));
        else if (message is not { Sequence: 0, Payload.IsEmpty: true }) // it opens a stream that is reset then
            Fail(NotAReply());
    }

    /// <summary>The stream of the reply ended.</summary>
    public void OnStreamEnd(in StreamEnd end) =>
        Fail(
            end.Reason switch
            {
                StreamEndReason.Reset => new ForwardRefusedException(node, end.Code),
                StreamEndReason.PeerLost => new ForwardUndeliveredException(node, UndeliveredReason.PeerLost),
                StreamEndReason.Evicted => new ForwardUndeliveredException(node, UndeliveredReason.StreamReset),
                _ => NotAReply(),
            }
        );

    public void Fail(ForwardException exception)
    {
        _reply.TrySetException(exception);
        _ = _reply.Task.Exception; // observed: the caller may have given up already
    }

    private ForwardException NotAReply() =>
        new(node, $"What node {node} sends on service {ServiceId.OfStream(stream)} is not a reply to a request.");
}
