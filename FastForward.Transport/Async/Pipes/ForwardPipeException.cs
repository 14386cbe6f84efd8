namespace FastForward.Transport;

/// <summary>A <see cref="ForwardPipe"/> could not be connected, or broke.</summary>
/// <remarks>
/// Pass one to <c>Complete</c> of a pipe's output to choose the <see cref="Code"/> that the other side gets; with any
/// other exception it gets <see cref="Aborted"/>.
/// </remarks>
public sealed class ForwardPipeException : ForwardException
{
    /// <summary>The code of a side that aborted without a reason.</summary>
    public const uint Aborted = 1;

    /// <summary>The code of a rejection because the service has no listener.</summary>
    public const uint NoListener = 2;

    /// <summary>The code of a rejection because too many pipes wait to be accepted.</summary>
    public const uint BacklogFull = 3;

    /// <summary>The first code that is free for applications.</summary>
    public const uint FirstApplicationCode = 256;

    /// <summary>Creates an exception to complete an output with.</summary>
    /// <param name="code">
    /// The code that the other side gets; an application's own codes begin with <see cref="FirstApplicationCode"/>.
    /// </param>
    /// <param name="message">The reason, for this side; it is not transmitted.</param>
    public ForwardPipeException(uint code, string message)
        : this(0, PipeFailure.Reset, code, message) { }

    internal ForwardPipeException(uint node, PipeFailure failure, uint code, string message)
        : base(node, message)
    {
        Failure = failure;
        Code = code;
    }

    /// <summary>What happened.</summary>
    public PipeFailure Failure { get; }

    /// <summary>
    /// The other side's code for <see cref="PipeFailure.Reset"/> and <see cref="PipeFailure.Rejected"/>; else 0.
    /// </summary>
    public uint Code { get; }

    /// <summary>A copy for another caller: each exception object is thrown once.</summary>
    internal ForwardPipeException Again() => new(Node, Failure, Code, Message);
}
