namespace FastForward.Host.Demo;

/// <summary>The JSON document of the demo.</summary>
internal sealed record DemoDocument(IReadOnlyList<TransportReport> Transports)
{
    /// <summary>At least one transport ran, and every one that ran delivered everything in order.</summary>
    public bool IsSuccess() =>
        Transports.Any(static transport => transport.Available)
        && Transports.All(static transport => !transport.Available || transport.IsPerfect);
}
