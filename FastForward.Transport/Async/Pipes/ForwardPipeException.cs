namespace FastForward.Transport;

/// <summary>A <see cref="ForwardPipe"/> could not be connected, or broke.</summary>
/// <remarks>
/// Give one to <c>Complete</c> of a pipe's output to choose the <see cref="Code"/> that the other side sees; any other
/// exception is told as <see cref="Aborted"/>.
/// </remarks>
public sealed class ForwardPipeException : IOException
{
    /// <summary>The code of a side that gave up without saying why.</summary>
    public const uint Aborted = 1;

    /// <summary>The code of a rejection because nobody listens for the service.</summary>
    public const uint NoListener = 2;

    /// <summary>The code of a rejection because too many pipes wait to be accepted.</summary>
    public const uint BacklogFull = 3;

    /// <summary>The first code that is free for applications.</summary>
    public const uint FirstApplicationCode = 256;

    /// <summary>Creates an exception to complete an output with.</summary>
    /// <param name="code">What the other side is told; an application's own codes begin with <see cref="FirstApplicationCode"/>.</param>
    /// <param name="message">Why, for a person on this side.</param>
    public ForwardPipeException(uint code, string message)
        : this(PipeFailure.Reset, code, message) { }

    internal ForwardPipeException(PipeFailure failure, uint code, string message)
        : base(message)
    {
        Failure = failure;
        Code = code;
    }

    /// <summary>What happened.</summary>
    public PipeFailure Failure { get; }

    /// <summary>The other side's code, of <see cref="PipeFailure.Reset"/> and <see cref="PipeFailure.Rejected"/>; else 0.</summary>
    public uint Code { get; }

    /// <summary>The same again, for another caller: an exception object is thrown once.</summary>
    internal ForwardPipeException Again() => new(Failure, Code, Message);
}
