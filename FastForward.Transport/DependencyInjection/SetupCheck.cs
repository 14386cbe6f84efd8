using FastForward.Transport.Registry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>Checks what no options class can know: that the node has a handler and a transport, and that its routes are right.</summary>
internal sealed class SetupCheck(ForwardSetup setup) : IValidateOptions<ForwardNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ForwardNodeOptions options)
    {
        string[] problems = [.. FindProblems(options)];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> FindProblems(ForwardNodeOptions options)
    {
        if (setup.Handlers.Count + setup.Actors.Count == 0)
            yield return "The node has nobody to hand its messages to: call AddHandler<THandler>(), or AddActor<TActor>(services).";
        if (setup.Handlers.Count > 1)
            yield return "The node has more than one handler: call AddHandler once, or use actors.";
        if (setup.Handlers.Count > 0 && setup.Actors.Count > 0)
            yield return "The node has a handler and actors: use one or the other, for each event has one receiver.";
        if (setup.Transports.Count == 0)
            yield return "The node has no transport: call AddSocketTransport(...) for processes of this machine, AddIpTransport(...) for other machines, AddVSocketTransport(...) between virtual machines and their host.";
        foreach (string problem in FindRouteProblems(options))
            yield return problem;
    }

    private List<string> FindRouteProblems(ForwardNodeOptions options)
    {
        List<string> problems = [];
        List<IRouteSource> sources = [new StaticRouteSource(setup.Routes)];
        foreach (IConfiguration section in setup.RouteSections)
            sources.Add(new StaticRouteSource(ConfigurationRouteSource.Read(section, problems), name: "configuration"));
        using OverrideResolver resolver = new(sources, new RouteOptions { AllowUnkeyedIp = options.AllowUnkeyedIp });
        problems.AddRange(
            resolver.Problems.Select(static problem =>
                $"Route {problem.Row} of the {problem.Source}: {problem.Reason}."
            )
        );
        return problems;
    }
}
