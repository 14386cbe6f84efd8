using System.Reflection;
using System.Text.RegularExpressions;
using FastForward.Host.Instances;
using FastForward.Transport;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests;

/// <summary>Event ids of library and host are unique and documented: log filters of operators rely on them.</summary>
[TestFixture]
public sealed partial class EventIdTests
{
    private static (int Id, string Method)[] Events =>
        [
            .. new[] { typeof(ForwardNode).Assembly, typeof(InstanceReader).Assembly }
                .SelectMany(static assembly => assembly.GetTypes())
                .SelectMany(static type =>
                    type.GetMethods(
                        BindingFlags.Static
                            | BindingFlags.Instance
                            | BindingFlags.NonPublic
                            | BindingFlags.Public
                            | BindingFlags.DeclaredOnly
                    )
                )
                .Select(static method =>
                    (
                        Method: $"{method.DeclaringType!.Name}.{method.Name}",
                        Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()
                    )
                )
                .Where(static found => found.Attribute is not null)
                .Select(static found => (found.Attribute!.EventId, found.Method)),
        ];

    [Test]
    public void Every_log_event_has_a_unique_id()
    {
        Assert.That(Events, Has.Length.GreaterThan(20));
        Assert.That(Events.Select(static entry => entry.Id), Is.Unique, static () => string.Join(", ", Events));
        Assert.That(
            Events,
            Has.All.Matches<(int Id, string)>(static entry => entry.Id >= 1000),
            "every event has an explicit id"
        );
    }

    [Test]
    public void The_documented_log_events_are_those_in_the_code()
    {
        IEnumerable<int> documented = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "operations.md"))
            .Select(static line => Row().Match(line))
            .Where(static match => match.Success)
            .SelectMany(static match => match.Groups[1].Value.Split(", "))
            .Select(int.Parse);
        Assert.That(documented, Is.EquivalentTo(Events.Select(static entry => entry.Id)));
    }

    [GeneratedRegex(@"^\| (\d{4}(?:, \d{4})*) \| (?:debug|information|warning|error|critical)")]
    private static partial Regex Row();
}
