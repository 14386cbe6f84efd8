namespace FastForward.Transport;

/// <summary>Who grants a sender its credit, and lets the application hold a part of it back.</summary>
internal interface ICreditOwner
{
    /// <summary>Keeps the credit of a message that is being delivered.</summary>
    /// <param name="stream">The stream, as the owner put it into the message.</param>
    /// <param name="bytes">How much.</param>
    void Hold(object stream, int bytes);

    /// <summary>Gives held credit back, also after the end of the stream or of the association.</summary>
    /// <param name="now">The time.</param>
    /// <param name="stream">The stream, as the owner put it into the message.</param>
    /// <param name="bytes">How much.</param>
    /// <exception cref="InvalidOperationException">More is given back than is held.</exception>
    void Release(long now, object stream, int bytes);
}
