using FastForward.Transport;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FastForward.Tests.Registry;

/// <summary>The settings of a registry, with and without a container.</summary>
internal sealed class TarantoolRegistryOptionsTests
{
    private static readonly (Action<TarantoolRegistryOptions> Set, string Problem)[] s_wrong =
    [
        (static options => options.Name = " ", "Name is empty"),
        (static options => options.Servers = [], "Servers has 0 addresses. Give 1 to 16"),
        (static options => options.Servers = [.. Enumerable.Repeat("a", 17)], "Servers has 17 addresses"),
        (static options => options.Servers = ["a", "b:x"], "Servers[1]: "),
        (static options => options.Servers = ["u:p@a"], "give user and password apart from it"),
        (static options => options.UserName = "", "UserName is empty"),
        (static options => options.Password = "p", "Password is given without UserName"),
        (static options => options.Tables = [], "Tables must name OverriddenNodes, Nodes or both"),
        (static options => options.Tables = [RouteTable.Configuration], "Tables must name"),
        (static options => options.Tables = [RouteTable.Nodes, RouteTable.Nodes], "each once"),
        (static options => options.CacheFile = "routes", "CacheFile is no absolute path"),
        (static options => options.WaitTime = TimeSpan.Zero, "WaitTime is 00:00:00. Give 1 s to 60 s"),
        (static options => options.PollInterval = TimeSpan.Zero, "PollInterval is 00:00:00. Give 100 ms to 60 s"),
        (static options => options.TransportTypes = null!, "TransportTypes is null"),
    ];

    [Test]
    public void Each_wrong_setting_is_named([Range(0, 13)] int index)
    {
        TarantoolRegistryOptions options = new()
        {
            Servers = ["127.0.0.1"],
            LoggerFactory = NullLoggerFactory.Instance,
        };
        Assert.That(options.FindProblems(), Is.Empty);
        s_wrong[index].Set(options);
        Assert.That(
            () => new TarantoolRegistry(options),
            Throws.ArgumentException.With.Message.Contains(s_wrong[index].Problem)
        );
    }

    [Test]
    public async Task A_container_has_several_registries_with_names()
    {
        ServiceCollection services = new();
        services
            .AddFastForward(static options => options.Node = 7)
            .AddHandler<ForwardClient>()
            .AddIpTransport(static _ => { })
            .AddTarantoolRoutes(static options => options.Servers = ["unix/:/nowhere/local"], "local")
            .AddTarantoolRoutes(
                static options =>
                {
                    options.Servers = ["unix/:/nowhere/global"];
                    options.Tables = [RouteTable.Nodes];
                },
                "global"
            );
        ForwardBuilder builder = services.AddFastForward();
        Assert.That(
            () => builder.AddTarantoolRoutes(static _ => { }, "global"),
            Throws.ArgumentException.With.Message.Contains("There is a registry global already")
        );
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.That(
            provider.GetServices<TarantoolRegistry>().Select(static registry => registry.Name),
            Is.EqualTo(new[] { "local", "global" })
        );
        _ = provider.GetRequiredService<OverrideResolver>();
        TarantoolRegistry global = provider.GetRequiredKeyedService<TarantoolRegistry>("global");
        Assert.That(global.Sources.Single().Name, Is.EqualTo("global Nodes"));
        Assert.That(
            global.Start,
            Throws.InvalidOperationException.With.Message.EqualTo("The registry is followed already."),
            "the container has started it"
        );
    }

    [Test]
    public void A_container_reports_wrong_settings_at_the_start()
    {
        ServiceCollection services = new();
        services
            .AddFastForward(static options => options.Node = 7)
            .AddHandler<ForwardClient>()
            .AddIpTransport(static _ => { })
            .AddTarantoolRoutes(static options => options.Servers = ["x:0"], "local");
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.That(
            () => provider.GetRequiredService<TarantoolRegistry>(),
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains("TarantoolRegistryOptions.Servers[0]: ")
        );
    }
}
