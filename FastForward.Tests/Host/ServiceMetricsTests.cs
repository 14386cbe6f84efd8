using System.Diagnostics.Metrics;
using System.Net;
using System.Reflection;
using FastForward.Host.Actors;
using FastForward.Transport;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace FastForward.Tests.Host;

/// <summary>The meter of bridges and outlets, compared with the traffic and with docs/operations.md.</summary>
public sealed class ServiceMetricsTests
{
    [Test]
    public void Datagrams_clients_and_drops_are_counted_by_section()
    {
        using ServiceProvider provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        IMeterFactory factory = provider.GetRequiredService<IMeterFactory>();
        ServiceMetrics metrics = new(factory);
        using BridgeWorld world = new(IPAddress.Loopback);
        metrics.Add(world.Bridge);
        metrics.Add(world.Outlet);
        using UdpSocket client = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        for (int i = 0; i < 3; i++)
            Assert.That(world.Exchange(client));
        client.SetHopLimit(1);
        world.Ask(client, "too far"u8);
        world.Drive();

        List<string> series = [];
        HashSet<string> instruments = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, target) =>
        {
            if (instrument.Meter.Scope != factory)
                return;
            instruments.Add(instrument.Name);
            target.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                series.Add(
                    string.Join(' ', [instrument.Name[20..], .. tags.ToArray().Select(static tag => tag.Value), value])
                )
        );
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.That(
            series,
            Is.EquivalentTo([
                "clients bridge 1",
                "clients outlet 1",
                "datagrams bridge transmit 4",
                "datagrams bridge receive 3",
                "datagrams outlet transmit 3",
                "datagrams outlet receive 3",
                "datagrams.dropped outlet hops 1",
            ])
        );
        Assert.That(instruments, Is.EquivalentTo(Documented().Select(static row => row.Split('`')[1])));
    }

    [Test]
    public void Every_reason_is_documented()
    {
        string[] words =
        [
            .. typeof(DropReason)
                .GetFields(BindingFlags.Static | BindingFlags.Public)
                .Select(static field => ((DropReason)field.GetValue(null)!).Word),
            .. Enum.GetValues<SendStatus>()
                .Where(static status => status != SendStatus.Accepted)
                .Select(static status => SendRefusal.Describe(status, MessageClass.Reliable).Word),
        ];
        string row = Documented().Single(static line => line.Contains("dropped", StringComparison.Ordinal));
        Assert.That(words.Where(word => !row.Contains($"`{word}`", StringComparison.Ordinal)), Is.Empty);
    }

    private static IEnumerable<string> Documented() =>
        File.ReadLines(Path.Combine(SourceTree.Root, "docs", "operations.md"))
            .Where(static line => line.StartsWith("| `fastforward.service.", StringComparison.Ordinal));
}
