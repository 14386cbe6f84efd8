using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>The result of <see cref="IAdmission"/>.</summary>
internal readonly record struct Admission
{
    /// <summary>The process may be the node.</summary>
    public static Admission Granted => default;

    /// <summary>Not known yet, because a host name is being resolved: the handshake gets no answer.</summary>
    public static Admission Undecided => new() { IsUndecided = true };

    /// <summary>A stranger, for all that is known: it gets no answer.</summary>
    public static Admission Ignored => new() { IsIgnored = true };

    public bool IsGranted => !IsUndecided && !IsIgnored && Reason == 0;

    public bool IsUndecided { get; private init; }

    public bool IsIgnored { get; private init; }

    /// <summary>The reason of the REJECT.</summary>
    public RejectReason Reason { get; private init; }

    public static Admission Refused(RejectReason reason) => new() { Reason = reason };
}
