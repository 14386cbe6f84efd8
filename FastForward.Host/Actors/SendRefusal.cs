using FastForward.Transport;

namespace FastForward.Host.Actors;

/// <summary>Why a send was refused.</summary>
internal static class SendRefusal
{
    private static readonly DropReason s_tooLargeRealTime = new("too_large", Text(SendStatus.TooLarge, true));
    private static readonly DropReason[] s_reasons =
    [
        .. Enum.GetValues<SendStatus>().Select(static status => new DropReason(WordOf(status), Text(status, false))),
    ];

    public static DropReason Describe(SendStatus status, MessageClass messageClass) =>
        status == SendStatus.TooLarge && messageClass == MessageClass.RealTime
            ? s_tooLargeRealTime
            : s_reasons[(int)status];

    private static string WordOf(SendStatus status) =>
        status switch
        {
            SendStatus.BackPressured => "back_pressure",
            SendStatus.NotConnected => "not_connected",
            SendStatus.UnknownNode => "unknown_node",
            SendStatus.TooLarge => "too_large",
            SendStatus.TooManyStreams => "too_many_streams",
            SendStatus.Stopping => "stopping",
            _ => "refused",
        };

    private static string Text(SendStatus status, bool isRealTime) =>
        status switch
        {
            SendStatus.BackPressured => "the node does not accept them as fast as they come (back-pressure)",
            SendStatus.NotConnected => "the node is not connected",
            SendStatus.UnknownNode => "no route leads to the node",
            SendStatus.TooLarge when isRealTime =>
                "too large for a real-time message, which carries a datagram of 1099 bytes (class = reliable carries "
                    + "longer ones)",
            SendStatus.TooLarge => "too large for a message",
            SendStatus.TooManyStreams => "too many streams to the node are open",
            SendStatus.Stopping => "this node is stopping",
            SendStatus.StreamEnded => "the stream has ended",
            SendStatus.WrongClass => "the stream has another class",
            _ => "the send was refused",
        };
}
