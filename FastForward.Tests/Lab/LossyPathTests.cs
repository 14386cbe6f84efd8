using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Tests.Lab;

/// <summary>The lossy path drops and reorders as configured, measured with plain UDP sockets.</summary>
[Category("Lab")]
public sealed class LossyPathTests
{
    private const int Sent = 10_000;
    private const int SOL_SOCKET = 1;
    private const int SO_RCVBUFFORCE = 33;

    private readonly byte[] _buffer = new byte[64];

    private static IEnumerable<Netem> Paths =>
        [
            new(),
            new() { LossPercent = 1 },
            new() { LossPercent = 20 },
            new()
            {
                LossPercent = 5,
                DelayMillis = 20,
                JitterMillis = 10,
            },
            new()
            {
                DelayMillis = 10,
                ReorderPercent = 25,
                DuplicatePercent = 5,
            },
        ];

    [SetUp]
    public void SetUp() => Requires.Lab();

    [TestCaseSource(nameof(Paths))]
    public void Packets_are_lost_at_the_configured_rate(object parameters) =>
        Measure((Netem)parameters, LossyPath.Near, LossyPath.Far);

    [Test]
    public void The_other_direction_loses_at_the_same_rate() =>
        Measure(new() { LossPercent = 20 }, LossyPath.Far, LossyPath.Near);

    private void Measure(Netem netem, IPAddress from, IPAddress to)
    {
        using LossyPath path = new(netem);
        using Socket sender = LossyPath.At(
            from,
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        );
        using Socket receiver = LossyPath.At(
            to,
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        );
        // The receive buffer must hold all datagrams.
        receiver.SetRawSocketOption(SOL_SOCKET, SO_RCVBUFFORCE, BitConverter.GetBytes(2048 * Sent));
        receiver.Bind(new IPEndPoint(to, 0));
        sender.Connect(receiver.LocalEndPoint!);

        int[] copies = new int[Sent];
        bool ended = false;
        int highest = -1,
            overtaken = 0;
        void Receive()
        {
            while (receiver.Poll(0, SelectMode.SelectRead))
            {
                receiver.Receive(_buffer);
                int number = BinaryPrimitives.ReadInt32LittleEndian(_buffer);
                if (number == Sent)
                {
                    ended = true;
                    continue;
                }

                copies[number]++;
                if (number < highest)
                    overtaken++;
                highest = Math.Max(highest, number);
            }
        }

        void Send(int number)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer, number);
            sender.Send(_buffer);
        }

        for (int i = 0; i < Sent; i++)
            Send(i);

        // Once the kernel delays no packet any longer, everything that does not arrive before the mark is lost.
        Eventually.True(
            () => LossyPath.WaitingFrom(from) == 0,
            () => $"the path is empty: {LossyPath.WaitingFrom(from)} packets on their way"
        );
        Eventually.True(
            () =>
            {
                Send(Sent);
                Receive();
                return ended;
            },
            static () => "a mark behind the last datagram arrives"
        );

        int lost = copies.Count(static count => count == 0),
            twice = copies.Count(static count => count == 2);
        TestContext.Progress.WriteLine(
            $"netem '{netem}': {Sent} sent, {lost} lost, {twice} twice, {overtaken} overtaken; "
                + $"the kernel dropped {LossyPath.DropsFrom(from)}"
        );
        AssertShare(lost, netem.LossPercent, "lost");
        AssertShare(twice, netem.DuplicatePercent, "arrived twice");
        Assert.That(copies.Max(), Is.LessThanOrEqualTo(2));
        Assert.That(
            LossyPath.DropsFrom(from),
            Is.GreaterThanOrEqualTo(lost),
            "the kernel counts the packets that it dropped, marks included"
        );
        Assert.That(
            overtaken > 0,
            Is.EqualTo(netem.JitterMillis > 0 || netem.ReorderPercent > 0),
            $"{overtaken} overtaken"
        );
    }

    /// <summary>
    /// A binomial count is outside six standard deviations of its mean once in 500 million runs; a share of 0 % is
    /// exact.
    /// </summary>
    private static void AssertShare(int count, double percent, string what)
    {
        double mean = Sent * percent / 100,
            deviation = Math.Sqrt(mean * (1 - (percent / 100)));
        Assert.That(
            count,
            Is.InRange((int)Math.Floor(mean - (6 * deviation)), (int)Math.Ceiling(mean + (6 * deviation))),
            $"{what}: {percent} % of {Sent} configured"
        );
    }
}
