namespace FastForward.Transport.Async;

/// <summary>What a send of the library itself belongs to. Called on the loop thread.</summary>
internal interface ISendScope
{
    /// <summary>Whether the send must not reach the node any more.</summary>
    bool IsOver(ForwardNode node);

    /// <summary>The node accepted the message.</summary>
    void OnAccepted() { }
}
