namespace FastForward.Transport.Registry.Tarantool;

/// <summary>What a server of a registry is worth at the moment.</summary>
public enum RegistryServerState
{
    /// <summary>It has not been reached since the start.</summary>
    Connecting,

    /// <summary>It answers, and its rows are those in use.</summary>
    Current,

    /// <summary>
    /// It answers, and lacks writes that another server has shown: a replica that lags, or a restored one.
    /// </summary>
    Lagging,

    /// <summary>It answers, lacks writes that another server has shown, and has others instead.</summary>
    Diverged,

    /// <summary>It answers, and is of another replica set than the servers in use.</summary>
    OtherRegistry,

    /// <summary>It answers, is of another replica set, and has no row, while there are some in use.</summary>
    Empty,

    /// <summary>It does not answer; its detail says why.</summary>
    Unreachable,

    /// <summary>It answers with an error, such as a missing space or a wrong password; its detail says which.</summary>
    Refusing,
}
