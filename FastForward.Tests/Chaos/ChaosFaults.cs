namespace FastForward.Tests.Chaos;

/// <summary>Draws faults and injects them into nodes.</summary>
internal sealed class ChaosFaults(IReadOnlyList<ChaosSlot> slots, ChaosRelays relays, Random random)
{
    /// <summary>Short, so that pauses beyond it fit into a run.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(2);

    private readonly SortedDictionary<string, int> _counts = [];

    public int Total => _counts.Values.Sum();

    public override string ToString() => string.Join(", ", _counts.Select(static one => $"{one.Value} {one.Key}"));

    /// <summary>How long until the next fault.</summary>
    public TimeSpan DrawPause() => Milliseconds(20, 400);

    public void Inject(TimeSpan now)
    {
        ChaosSlot victim = slots[random.Next(slots.Count)];
        int kind = random.Next(24);
        if (victim.IsBusy)
            return;
        switch (kind)
        {
            case 0 or 1:
                Count("killed");
                victim.Kill(now + Milliseconds(0, 1000), squat: false);
                break;
            case 2:
                Count("killed, path taken by another");
                victim.Kill(now + Milliseconds(0, 1000), squat: true);
                break;
            case 3 or 4 or 5:
                Count("paused");
                victim.Pause(now + Milliseconds(10, 1000));
                break;
            case 6:
                Count("paused beyond the time limit");
                victim.Pause(now + DeadAfter + Milliseconds(200, 2000));
                break;
            case 7:
                Count("stopped in order");
                victim.Terminate();
                break;
            case 8:
                Count("path taken by another");
                victim.TakePath(now + Milliseconds(0, 3000));
                break;
            case 9:
                Count("files removed");
                victim.RemoveFiles();
                break;
            case 10 or 11 or 12 or 13:
                Count("routes flipped");
                victim.Flip();
                break;
            case 14 or 15:
                Count("path over UDP silent");
                relays.Cut(DrawPair(), random.Next(2), now + Milliseconds(50, 3000));
                break;
            case 16:
                Count("both paths over UDP silent");
                int pair = DrawPair();
                relays.Cut(pair, 0, now + Milliseconds(50, 3000));
                relays.Cut(pair, 1, now + Milliseconds(50, 3000));
                break;
            default:
                Count("links cut");
                victim.Cut();
                break;
        }
    }

    private int DrawPair() => random.Next(ChaosTopology.Pairs.Count);

    private void Count(string kind) => _counts[kind] = _counts.GetValueOrDefault(kind) + 1;

    private TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(random.Next(least, most));
}
