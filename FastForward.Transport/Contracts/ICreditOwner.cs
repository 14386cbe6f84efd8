namespace FastForward.Transport;

/// <summary>Grants credit to a sender, and lets the application hold a part of it.</summary>
internal interface ICreditOwner
{
    /// <summary>Keeps the credit of a message that is being delivered.</summary>
    /// <param name="stream">The stream, as the owner put it into the message.</param>
    /// <param name="bytes">How much.</param>
    void Hold(object stream, int bytes);

    /// <summary>Returns held credit, also after the end of the stream or of the association.</summary>
    /// <param name="now">The time.</param>
    /// <param name="stream">The stream, as the owner put it into the message.</param>
    /// <param name="bytes">How much.</param>
    /// <exception cref="InvalidOperationException">More is returned than is held.</exception>
    void Release(long now, object stream, int bytes);

    /// <summary>
    /// Does not acknowledge the message that is being delivered, nor later ones of its stream, until they are accepted
    /// or refused.
    /// </summary>
    /// <param name="stream">The stream, as the owner put it into the message.</param>
    /// <param name="sequence">The message.</param>
    void Withhold(object stream, ulong sequence);

    /// <summary>Acknowledges the messages of a stream that were withheld.</summary>
    void AcceptWithheld(long now, object stream);

    /// <summary>
    /// Refuses a message that is being delivered or was withheld, and everything of its stream that follows or was
    /// withheld: the sender reports them as undelivered.
    /// </summary>
    void Refuse(long now, object stream, ulong sequence);
}
