using FastForward.Transport.Actors;

namespace FastForward.Transport;

/// <summary>
/// The other node refused the request: no one serves it, or its handler failed or refused. A handler of
/// <see cref="ForwardClient.Respond"/> creates and throws one to refuse with a <see cref="Code"/> of its own.
/// </summary>
/// <remarks>
/// Where a handler sends a request itself, and that one is refused, the exception names the node that refused it
/// (<see cref="ForwardException.Node"/>). If the handler does not catch it, the handler has failed, and its own request
/// is refused with <see cref="Failed"/>: the code of another node is not passed on.
/// </remarks>
public sealed class ForwardRefusedException : ForwardException
{
    // The codes are part of the protocol: docs/protocol.md, "Requests and replies".

    /// <summary>The code of a handler that failed.</summary>
    public const uint Failed = 1;

    /// <summary>The code of a node where no one serves the service.</summary>
    public const uint NotServed = RequestProtocol.NotServed;

    /// <summary>The first code that is free for applications.</summary>
    public const uint FirstApplicationCode = 256;

    /// <summary>Creates an exception for a handler to throw.</summary>
    /// <param name="code">
    /// The code that the other node gets; an application's own codes begin with <see cref="FirstApplicationCode"/>.
    /// </param>
    /// <param name="message">The reason, for this side; it is not transmitted.</param>
    public ForwardRefusedException(uint code, string message)
        : base(0, message) => Code = code;

    internal ForwardRefusedException(uint node, uint code)
        : base(node, $"Node {node} refused the request: {Explain(code)}.") => Code = code;

    /// <summary>Why: one of the constants of this class, or a code of the application.</summary>
    public uint Code { get; }

    private static string Explain(uint code) =>
        code switch
        {
            Failed => "its handler failed",
            NotServed => "no one serves the service there",
            _ => $"code {code}",
        };
}
