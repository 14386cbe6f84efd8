using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>The result of <see cref="IAdmission"/>.</summary>
internal readonly record struct Admission
{
    /// <summary>The process may be the node.</summary>
    public static Admission Granted => default;

    /// <summary>Not known yet, because a host name is being resolved: the handshake gets no answer.</summary>
    public static Admission Undecided => new() { IsUndecided = true };

    public bool IsGranted => !IsUndecided && Reason == 0;

    public bool IsUndecided { get; private init; }

    /// <summary>The reason of the REJECT.</summary>
    public RejectReason Reason { get; private init; }

    /// <summary>The reason as a text for logs and events; null when the refusal needs no report.</summary>
    public string? Text { get; private init; }

    public static Admission Refused(RejectReason reason, string? text) => new() { Reason = reason, Text = text };
}
