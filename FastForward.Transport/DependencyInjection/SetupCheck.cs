using FastForward.Transport.Hosting;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// Checks what no options class can check by itself: that the node has a handler and a transport, and that its routes
/// are valid.
/// </summary>
internal sealed class SetupCheck(ForwardSetup setup) : IValidateOptions<ForwardNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ForwardNodeOptions options)
    {
        string[] problems = [.. FindProblems(options)];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private List<string> FindProblems(ForwardNodeOptions options)
    {
        List<string> problems =
        [
            .. NodeParts.FindProblems(
                setup.Handlers.Count,
                setup.Actors.Count,
                setup.Transports.Count,
                "call AddHandler<THandler>(), or AddActor<TActor>(services)",
                "call AddSocketTransport(...) for processes of this machine, AddIpTransport(...) for other machines, "
                    + "AddVSocketTransport(...) between virtual machines and their host, "
                    + "AddRdmaTransport(...) in a data centre"
            ),
        ];
        List<IRouteSource> sources = [new StaticRouteSource(setup.Routes)];
        foreach (IConfiguration section in setup.RouteSections)
            sources.Add(new StaticRouteSource(ConfigurationRouteSource.Read(section, problems), name: "configuration"));
        problems.AddRange(
            NodeParts.FindRouteProblems(sources, new RouteOptions { AllowUnkeyedNetwork = options.AllowUnkeyedNetwork })
        );
        return problems;
    }
}
