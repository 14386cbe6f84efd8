using System.Reflection;
using FastForward.Host.Instances;
using FastForward.Transport;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests;

public sealed class EventIdTests
{
    [Test]
    public void Every_log_event_has_an_id_of_its_own()
    {
        var events = new[] { typeof(ForwardNode).Assembly, typeof(InstanceReader).Assembly }
            .SelectMany(static assembly => assembly.GetTypes())
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Select(static method => (Method: $"{method.DeclaringType!.Name}.{method.Name}", method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(static found => found.EventId is not null)
            .ToArray();
        Assert.That(events, Is.Not.Empty);
        Assert.That(events.GroupBy(static found => found.EventId).Where(static group => group.Count() > 1).Select(static group => string.Join(" = ", group.Select(static found => found.Method))), Is.Empty);
    }
}
