using System.Net;

namespace FastForward.Transport.Registry;

/// <summary>A valid row with the end point it leads to.</summary>
/// <param name="Row">The row.</param>
/// <param name="EndPoint">Where the transport connects: of the type that selects the transport.</param>
/// <param name="Table">The table the row comes from.</param>
internal sealed record Route(RouteRow Row, EndPoint EndPoint, RouteTable Table);
