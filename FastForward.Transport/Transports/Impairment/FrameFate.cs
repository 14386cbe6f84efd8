namespace FastForward.Transport.Transports.Impairment;

/// <summary>What happens to a frame.</summary>
/// <param name="IsLost">It is not sent at all.</param>
/// <param name="DelayMicros">How long it is delayed; 0 for not at all.</param>
/// <param name="CopyDelayMicros">How long a second copy is delayed; null when there is none.</param>
internal readonly record struct FrameFate(bool IsLost, long DelayMicros, long? CopyDelayMicros);
