using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Tests.Flood;

/// <summary>Sends forged datagrams at a rate, and takes what is answered.</summary>
internal sealed class Flooder : IDisposable
{
    private readonly FloodRelay _relay;
    private readonly Socket _stranger = FloodRelay.Open();
    private readonly int _perSecond;
    private readonly byte[] _answer = new byte[65_536];
    private long _number;

    public Flooder(FloodRelay relay, int floodedPort, int perSecond)
    {
        _relay = relay;
        _perSecond = perSecond;
        _stranger.Blocking = false;
        _stranger.Connect(IPAddress.Loopback, floodedPort);
    }

    /// <summary>Datagrams that the kernel took.</summary>
    public long Sent { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>What came back to the stranger.</summary>
    public long BytesAnswered { get; private set; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>Sends the kinds in turn; returns when all are sent.</summary>
    public void Flood(IReadOnlyList<ForgedKind> kinds, int datagrams)
    {
        (Sent, BytesSent, BytesAnswered) = (0, 0, 0);
        byte[][] frames = [.. kinds.Select(kind => (byte[])[.. kind.Make(_relay)])];
        long began = Stopwatch.GetTimestamp();
        int i = 0;
        while (i < datagrams)
        {
            double due = Stopwatch.GetElapsedTime(began).TotalSeconds * _perSecond;
            for (; i < datagrams && i < due; i++)
            {
                ForgedKind kind = kinds[i % kinds.Count];
                byte[] frame = frames[i % kinds.Count];
                if (kind.IsNumbered)
                    ForgedKind.Number(frame, ++_number);
                if (!(kind.AsCaller ? _relay.TryForge(frame) : FloodRelay.TrySend(_stranger, frame)))
                    continue;
                Sent++;
                BytesSent += frame.Length;
                if ((i & 63) == 63)
                    TakeAnswers();
            }

            _stranger.Poll(TimeSpan.FromMicroseconds(500), SelectMode.SelectRead);
            TakeAnswers();
        }

        Elapsed = Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Counts the answers that have come.</summary>
    public void TakeAnswers()
    {
        while (_stranger.Available > 0)
            BytesAnswered += _stranger.Receive(_answer);
    }

    public void Dispose() => _stranger.Dispose();
}
