using FastForward.Transport.Registry;

namespace FastForward.Transport.Hosting;

/// <summary>
/// What a node needs beside its options, checked before anything is started, with or without a container.
/// </summary>
internal static class NodeParts
{
    /// <summary>Every problem with the number of handlers, actors and transports.</summary>
    /// <param name="handlers">How many handlers there are.</param>
    /// <param name="actors">How many actors there are.</param>
    /// <param name="transports">How many transports there are.</param>
    /// <param name="addHandler">How the caller adds a handler or an actor, as an imperative phrase.</param>
    /// <param name="addTransport">How the caller adds a transport, as an imperative phrase.</param>
    public static IEnumerable<string> FindProblems(
        int handlers,
        int actors,
        int transports,
        string addHandler,
        string addTransport
    )
    {
        if (handlers + actors == 0)
            yield return $"The node has no handler for its messages: {addHandler}.";
        if (handlers > 1)
            yield return "The node has more than one handler: add one, or use actors.";
        if (handlers > 0 && actors > 0)
            yield return "The node has a handler and actors: use one or the other, since each event has one receiver.";
        if (transports == 0)
            yield return $"The node has no transport: {addTransport}.";
    }

    /// <summary>Every row that cannot be used, with its source and the reason.</summary>
    public static IReadOnlyList<string> FindRouteProblems(IReadOnlyList<IRouteSource> sources, RouteOptions options)
    {
        using OverrideResolver resolver = new(sources, options);
        return
        [
            .. resolver.Problems.Select(static problem =>
                $"Route {problem.Row} of the {problem.Source}: {problem.Reason}."
            ),
        ];
    }
}
