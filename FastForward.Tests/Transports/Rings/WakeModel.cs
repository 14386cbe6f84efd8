using System.Globalization;
using FastForward.Transport.Transports.Rings;

namespace FastForward.Tests.Transports.Rings;

/// <summary>
/// Runs the two sides of a link in all interleavings of their accesses to the shared words. Stores wait in a buffer of
/// their side until some later time, in order, as on x86; a side's own reads are of the other side's words only.
/// </summary>
/// <remarks>
/// A side is a program that is run from its beginning each time: the accesses that it has made are answered from its
/// log, and it is stopped at the next one, which is then one of the possible steps. States that were seen before are
/// not visited again.
/// </remarks>
internal sealed class WakeModel(params Action<WakeModel.Side>[] programs)
{
    private readonly Dictionary<(int Side, string Log), Access?> _next = [];
    private readonly HashSet<string> _seen = [];
    private readonly List<string> _stuck = [];

    /// <summary>What a side is about to do.</summary>
    internal enum Kind
    {
        Read,
        Write,
        Fence,
        Ring,
        Sleep,
    }

    /// <summary>States that were visited.</summary>
    public int States => _seen.Count;

    /// <summary>States in which a side sleeps for ever.</summary>
    public IReadOnlyList<string> Stuck => _stuck;

    /// <summary>Visits all states.</summary>
    public WakeModel Run()
    {
        Stack<State> states = new();
        states.Push(new State());
        while (states.TryPop(out State? state))
        {
            if (!_seen.Add(state.Key))
                continue;
            bool moves = false;
            bool ended = true;
            for (int side = 0; side < 2; side++)
            {
                if (state.Buffers[side].Count > 0)
                {
                    moves = true;
                    states.Push(state.Drained(side));
                }

                if (NextOf(side, state.Logs[side]) is not { } access)
                    continue;
                ended = false;
                if (state.After(side, access) is not { } after)
                    continue;
                moves = true;
                states.Push(after);
            }

            if (!moves && !ended)
                _stuck.Add(state.Key);
        }

        return this;
    }

    private Access? NextOf(int side, string log)
    {
        if (_next.TryGetValue((side, log), out Access? known))
            return known;
        Side run = new(log);
        try
        {
            programs[side](run);
            return _next[(side, log)] = null;
        }
        catch (SideStoppedException)
        {
            return _next[(side, log)] = run.Pending;
        }
    }

    internal sealed record Access(Kind Kind, RingWord Word, ulong Value);

    /// <summary>One side while its program runs.</summary>
    internal sealed class Side(string log)
    {
        private readonly string[] _results = log.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        private int _index;

        public Access? Pending { get; private set; }

        public void Ring() => Do(new Access(Kind.Ring, 0, 0));

        public void Sleep() => Do(new Access(Kind.Sleep, 0, 0));

        public ulong Do(Access access)
        {
            if (_index < _results.Length)
                return ulong.Parse(_results[_index++], CultureInfo.InvariantCulture);
            Pending = access;
            throw new SideStoppedException();
        }
    }

    /// <summary>The words, as a side sees them.</summary>
    internal readonly struct Words(Side side, bool hasFences) : IRingWords
    {
        public ulong Read(RingWord word) => side.Do(new Access(Kind.Read, word, 0));

        public void Write(RingWord word, ulong value) => side.Do(new Access(Kind.Write, word, value));

        public void Fence()
        {
            if (hasFences)
                side.Do(new Access(Kind.Fence, 0, 0));
        }
    }

    private sealed class SideStoppedException : Exception;

    private sealed class State
    {
        public string[] Logs { get; private init; } = ["", ""];

        public List<(RingWord Word, ulong Value)>[] Buffers { get; private init; } =
        [
            [],
            [],
        ];

        private SortedDictionary<RingWord, ulong>[] Memories { get; init; } =
        [
            [],
            [],
        ];

        private int[] Bells { get; init; } = [0, 0];

        public string Key =>
            string.Join(
                '|',
                Enumerable
                    .Range(0, 2)
                    .Select(side =>
                        $"{Logs[side]};{string.Join(',', Buffers[side])};"
                        + $"{string.Join(',', Memories[side])};{Bells[side]}"
                    )
            );

        public State Drained(int side)
        {
            State next = Copy();
            (RingWord word, ulong value) = next.Buffers[side][0];
            next.Buffers[side].RemoveAt(0);
            next.Memories[side][word] = value;
            return next;
        }

        // Null while the side has to wait.
        public State? After(int side, Access access)
        {
            ulong result = 0;
            State next = Copy();
            switch (access.Kind)
            {
                case Kind.Read:
                    result = Memories[1 - side].GetValueOrDefault(access.Word);
                    break;
                case Kind.Write:
                    next.Buffers[side].Add((access.Word, access.Value));
                    break;
                case Kind.Fence when Buffers[side].Count > 0:
                    return null;
                case Kind.Ring: // a system call
                    if (Buffers[side].Count > 0)
                        return null;
                    next.Bells[1 - side] = 1;
                    break;
                case Kind.Sleep when Bells[side] == 0:
                    return null;
                case Kind.Sleep:
                    next.Bells[side] = 0;
                    break;
            }

            next.Logs[side] += string.Create(CultureInfo.InvariantCulture, $"{result} ");
            return next;
        }

        private State Copy() =>
            new()
            {
                Logs = [.. Logs],
                Buffers =
                [
                    [.. Buffers[0]],
                    [.. Buffers[1]],
                ],
                Memories = [new(Memories[0]), new(Memories[1])],
                Bells = [.. Bells],
            };
    }
}
