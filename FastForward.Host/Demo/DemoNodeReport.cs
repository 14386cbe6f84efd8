using FastForward.Host.Control;

namespace FastForward.Host.Demo;

/// <summary>The result of one node process of the demo.</summary>
/// <param name="Sent">Messages sent.</param>
/// <param name="Refused">Of them, those that the node did not take.</param>
/// <param name="Delivered">Echoes that were sound, each once.</param>
/// <param name="Duplicated">Messages that came again: echoes here, and the other node's messages.</param>
/// <param name="Reordered">Messages that came after a later one, likewise.</param>
/// <param name="Damaged">Messages that are not what was sent, likewise.</param>
/// <param name="EchoesRefused">Echoes that the node did not take.</param>
/// <param name="RealTime">The real-time messages.</param>
/// <param name="Reliable">The reliable messages.</param>
/// <param name="Late">Real-time messages that were dropped here: they came after their budget or a later one.</param>
/// <param name="SentAgain">Real-time messages that were sent again.</param>
/// <param name="Copied">Copies of real-time messages that were sent before a loss was known.</param>
/// <param name="Impairment">What the node did to its datagrams on purpose; null when nothing.</param>
internal sealed record DemoNodeReport(
    long Sent,
    long Refused,
    long Delivered,
    long Duplicated,
    long Reordered,
    long Damaged,
    long EchoesRefused,
    DemoNodeClass RealTime,
    DemoNodeClass Reliable,
    long Late,
    long SentAgain,
    long Copied,
    ImpairmentReport? Impairment
);
