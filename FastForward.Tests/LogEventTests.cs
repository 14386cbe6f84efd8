using System.Reflection;
using FastForward.Transport;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests;

/// <summary>Event ids of the library's log messages: an operator's filters rely on them.</summary>
public sealed class LogEventTests
{
    [Test]
    public void Every_message_has_an_id_of_its_own()
    {
        (int Id, string Name)[] events =
        [
            .. typeof(IForwardTransport).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                .Select(method => (Method: method, Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()))
                .Where(entry => entry.Attribute is not null)
                .Select(entry => (entry.Attribute!.EventId, $"{entry.Method.DeclaringType!.Name}.{entry.Method.Name}")),
        ];
        Assert.That(events, Has.Length.GreaterThan(5));
        Assert.That(events.Select(entry => entry.Id), Is.Unique, () => string.Join(", ", events));
        Assert.That(events, Has.All.Matches<(int Id, string)>(entry => entry.Id >= 1000), "none forgotten");
    }
}
