using System.Net;

namespace FastForward.Transport.Registry;

/// <summary>A valid row with the end point it leads to.</summary>
/// <param name="Row">The row.</param>
/// <param name="EndPoint">Where the transport connects: of the type that selects the transport.</param>
/// <param name="Table">The table the row comes from.</param>
internal sealed record Route(RouteRow Row, EndPoint EndPoint, RouteTable Table)
{
    /// <summary>Whether a connection over this route is one over the other too: only the tables may differ.</summary>
    public bool LeadsTo(Route? other) => other is not null && Row == other.Row && EndPoint.Equals(other.EndPoint);
}
