using FastForward.Transport;

namespace FastForward.Tests.Soak;

/// <summary>
/// The messages of one node of a soak: streams of voice, and reliable streams of a few messages, some of them long. All
/// of them end and others begin. It allocates nothing.
/// </summary>
/// <param name="scale">How much of it.</param>
/// <param name="send">Sends a message; whether it was accepted.</param>
internal sealed class SoakTraffic(int scale, SoakTraffic.Sending send)
{
    /// <summary>The length of real-time messages, which no other has.</summary>
    public const int VoiceSize = 55;

    private const int Voices = 8; // at scale 1
    private const long VoicePace = 60_000;
    private const int VoiceLength = 25;
    private const long ShortPace = 60_000;
    private const int ShortLength = 3;
    private const long LongPace = 1_000_000;

    private static readonly byte[] s_payload = new byte[8 << 10];

    private readonly ulong[] _voices = new ulong[Voices * scale];
    private readonly int[] _spoken = new int[Voices * scale];
    private ulong _next = 1;
    private ulong _short;
    private int _shortSent;
    private long _voiceDue;
    private long _shortDue;
    private long _longDue;
    private int _voice;

    public delegate bool Sending(ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end);

    public long RealTimeSent { get; private set; }

    public long ReliableSent { get; private set; }

    public long Ended { get; private set; }

    /// <summary>Messages that the node did not accept.</summary>
    public long Refused { get; private set; }

    /// <summary>Whether streams end and others begin.</summary>
    public bool EndsStreams { get; set; } = true;

    /// <summary>
    /// More streams begin and end, with fewer messages: so many are remembered as ended soon that the oldest are
    /// forgotten.
    /// </summary>
    public bool IsHurried { get; set; }

    /// <summary>When there is something to send again.</summary>
    public long Due => Math.Min(_voiceDue, Math.Min(_shortDue, _longDue));

    public void Step(long now)
    {
        if (now >= _voiceDue)
        {
            _voiceDue = now + (VoicePace / _voices.Length); // each voice has a phase of its own
            _voice = (_voice + 1) % _voices.Length;
            Speak(_voice);
        }

        if (now >= _shortDue)
        {
            _shortDue = now + (ShortPace / scale / (IsHurried ? 4 : 1));
            if (_shortSent == 0)
                _short = _next++;
            int length = IsHurried ? 1 : ShortLength;
            for (int i = 1; i <= length; i++)
            {
                bool isLast = i == length && EndsStreams;
                Send(_short, MessageClass.Reliable, 300, isLast);
                _shortSent = isLast ? 0 : _shortSent + 1;
            }
        }

        if (now >= _longDue && EndsStreams)
        {
            _longDue = now + LongPace;
            Send(_next++, MessageClass.Reliable, s_payload.Length, end: true);
        }
    }

    private void Speak(int voice)
    {
        if (_spoken[voice]++ == 0)
            _voices[voice] = _next++;
        bool isLast = _spoken[voice] >= VoiceLength + (voice % 8) && EndsStreams;
        Send(_voices[voice], MessageClass.RealTime, VoiceSize, isLast);
        if (isLast)
            _spoken[voice] = 0;
    }

    private void Send(ulong stream, MessageClass messageClass, int size, bool end)
    {
        if (!send(stream, messageClass, s_payload.AsSpan(0, size), end))
        {
            Refused++;
            return;
        }

        if (messageClass == MessageClass.RealTime)
            RealTimeSent++;
        else
            ReliableSent++;
        Ended += end ? 1 : 0;
    }
}
