using FastForward.Transport.Addressing;

namespace FastForward.Transport.Registry;

/// <summary>
/// One record of a registry, in the operator's words:
/// <c>{ &lt;node id&gt;, &lt;key id&gt;, &lt;transport type&gt;, &lt;address&gt;, &lt;port&gt; }</c>.
/// </summary>
/// <param name="Node">The node the record leads to; 0 is no node.</param>
/// <param name="KeyId">The key demanded on this way; 0 demands none.</param>
/// <param name="Transport">The medium.</param>
/// <param name="Address">The address in the form of the medium; empty for <see cref="TransportKind.Socket"/>.</param>
/// <param name="Port">The one port number of the node, 1..65535, whatever the medium.</param>
public readonly record struct RouteRow(uint Node, uint KeyId, TransportKind Transport, string Address, int Port)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{{ {Node}, {KeyId}, {TransportTypeMap.NameOf(Transport)}, {AddressText.Quote(Address)}, {Port} }}";
}
