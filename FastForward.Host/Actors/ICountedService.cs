namespace FastForward.Host.Actors;

/// <summary>What <see cref="ServiceMetrics"/> shows of a bridge or an outlet. Any thread may read.</summary>
internal interface ICountedService
{
    /// <summary>The name of the section.</summary>
    string Name { get; }

    /// <summary>Clients of a bridge, or sockets of an outlet, now.</summary>
    int ClientCount { get; }

    /// <summary>Datagrams sent to the node at the other end.</summary>
    long ToNode { get; }

    /// <summary>Datagrams of that node passed on.</summary>
    long FromNode { get; }

    /// <summary>What was dropped.</summary>
    DropLog Drops { get; }
}
