using FastForward.Host.Instances;

namespace FastForward.Host.Actors;

/// <summary>What metrics and reports show of a bridge or an outlet. Any thread may read.</summary>
internal interface ICountedService
{
    /// <summary>The name of the section.</summary>
    string Name { get; }

    /// <summary>Where a bridge listens; the target of an outlet.</summary>
    ZonedEndPoint Address { get; }

    /// <summary>The service number.</summary>
    ushort Service { get; }

    /// <summary>Clients of a bridge, or sockets of an outlet, now.</summary>
    int ClientCount { get; }

    /// <summary>Datagrams sent to the node at the other end.</summary>
    long ToNode { get; }

    /// <summary>Datagrams of that node passed on.</summary>
    long FromNode { get; }

    /// <summary>What was dropped.</summary>
    DropLog Drops { get; }
}
