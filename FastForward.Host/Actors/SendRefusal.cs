using FastForward.Transport;

namespace FastForward.Host.Actors;

/// <summary>Why a send was refused, for the log. The texts are constants, so that drops allocate nothing.</summary>
internal static class SendRefusal
{
    public static string Describe(SendStatus status, MessageClass messageClass) =>
        status switch
        {
            SendStatus.BackPressured => "the node does not accept them as fast as they come (back-pressure)",
            SendStatus.NotConnected => "the node is not connected",
            SendStatus.UnknownNode => "no route leads to the node",
            SendStatus.TooLarge when messageClass == MessageClass.RealTime =>
                "too large for a real-time message, which carries a datagram of 1099 bytes "
                    + "(over IP there is no other class yet)",
            SendStatus.TooLarge => "too large for a message",
            SendStatus.Unsupported =>
                "the path cannot carry reliable messages (over IP there are none yet; class = auto or realtime does)",
            SendStatus.TooManyStreams => "too many streams to the node are open",
            SendStatus.Stopping => "this node is stopping",
            SendStatus.StreamEnded => "the stream has ended",
            SendStatus.WrongClass => "the stream has another class",
            _ => "the send was refused",
        };
}
