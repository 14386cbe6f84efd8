using System.Text.Json;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Lab;

/// <summary>The demo shows four transports, each of which delivers everything.</summary>
[Category("Lab")]
public sealed class DemoTests
{
    [SetUp]
    public void SetUp()
    {
        Requires.Lab();
        LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "soft-rdma"));
    }

    [Test]
    public void Four_transports_deliver_everything()
    {
        using RunningProgram demo = RunningProgram.StartHost("demo", "--json", "--seconds", "5");
        Assert.That(demo.WaitForExit(TimeSpan.FromMinutes(4)), Is.Zero, demo.Everything);
        using JsonDocument document = JsonDocument.Parse(demo.Output);
        JsonElement[] transports = [.. document.RootElement.GetProperty("transports").EnumerateArray()];
        Assert.That(transports, Has.Length.EqualTo(4));
        foreach (JsonElement row in transports)
        {
            Assert.That(row.GetProperty("available").GetBoolean(), Is.True, demo.Everything);
            Assert.That(row.GetProperty("sent").GetInt64(), Is.Positive);
            Assert.That(row.GetProperty("delivered").GetInt64(), Is.EqualTo(row.GetProperty("sent").GetInt64()));
            foreach (string fault in new[] { "lost", "duplicated", "reordered" })
                Assert.That(row.GetProperty(fault).GetInt64(), Is.Zero, demo.Everything);
        }
    }
}
