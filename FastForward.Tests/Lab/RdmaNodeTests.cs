using System.Diagnostics;
using System.Net;
using FastForward.Transport;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Tests.Lab;

/// <summary>Whole nodes over RDMA.</summary>
[Category("Lab")]
public sealed class RdmaNodeTests
{
    private const int Port = 54_000;
    private const int Longest = 65_536;
    private const int Messages = 200;

    [SetUp]
    public void SetUp()
    {
        Requires.Lab();
        LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "soft-rdma"));
    }

    [Test]
    public async Task Messages_of_every_size_arrive_while_processes_are_started()
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        ForwardClient a = new(),
            b = new();
        ForwardReceiver receiver = b.Receive();
        await using ForwardHost hostB = await ForwardHost.StartAsync(Options(2, "10.99.0.2", 1, "10.99.0.1", b));
        await using ForwardHost hostA = await ForwardHost.StartAsync(Options(1, "10.99.0.1", 2, "10.99.0.2", a));
        ForwardStream stream = a.OpenStream(2, MessageClass.Reliable);
        Random random = new(seed);
        byte[][] sent =
        [
            .. Enumerable
                .Range(0, Messages)
                .Select(i =>
                {
                    byte[] message = new byte[i % 20 == 0 ? Longest : random.Next(1, 3000)];
                    random.NextBytes(message);
                    return message;
                }),
        ];
        Task sending = Task.Run(async () =>
        {
            foreach (byte[] message in sent)
                Assert.That((await a.SendAsync(stream, message)).Status, Is.EqualTo(SendStatus.Accepted));
        });
        int started = 0;
        int received = 0;
        using CancellationTokenSource limit = new(LoopDriver.Limit);
        await foreach (ForwardMessage message in receiver.ReadAllAsync(limit.Token))
        {
            if (received % 50 == 0)
            {
                // A child process must not take the memory that the device uses.
                using Process child = Process.Start("true");
                await child.WaitForExitAsync(limit.Token);
                started++;
            }

            using (message)
                Assert.That(message.Payload.ToArray(), Is.EqualTo(sent[received]), $"message {received}");
            if (++received == Messages)
                break;
        }

        await sending;
        Assert.That(started, Is.EqualTo(4));
    }

    private static ForwardHostOptions Options(uint node, string own, uint peer, string place, ForwardClient client)
    {
        ForwardHostOptions options = new(node)
        {
            Rdma = new RdmaTransportOptions { Port = Port, Addresses = [IPAddress.Parse(own)] },
            Handler = client,
        };
        options.Node.AllowUnkeyedNetwork = true;
        options.AddRoute(peer, TransportKind.Rdma, Port, place);
        return options;
    }
}
