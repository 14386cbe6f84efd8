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
}
