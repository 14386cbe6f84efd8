using FastForward.Transport;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>The Lua module in the library.</summary>
internal sealed class RegistryResourceTests
{
    [Test]
    public void The_library_contains_the_module()
    {
        using Stream? stream = typeof(ForwardNode).Assembly.GetManifestResourceStream("registry.lua");
        Assert.That(stream, Is.Not.Null);
        using StreamReader reader = new(stream!);
        Assert.That(reader.ReadToEnd(), Is.EqualTo(File.ReadAllText(RegistryServer.ModulePath)));
    }
}
