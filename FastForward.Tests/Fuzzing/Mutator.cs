namespace FastForward.Tests.Fuzzing;

/// <summary>Changes valid inputs: bytes, bits, lengths, pieces of other inputs, words.</summary>
internal sealed class Mutator(FuzzTarget target, int seed)
{
    private const int Longest = 1 << 13;

    private static readonly byte[] s_edges = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        List<byte> input = [.. Pick(target.Corpus)];
        for (int changes = _random.Next(5); changes >= 0; changes--)
            Change(input);
        return [.. input.Take(Longest)];
    }

    private void Change(List<byte> input)
    {
        int at = _random.Next(input.Count + 1);
        switch (_random.Next(8))
        {
            case 0 when at < input.Count:
                input[at] = (byte)_random.Next(256);
                break;
            case 1 when at < input.Count:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 2 when at < input.Count:
                input[at] = s_edges[_random.Next(s_edges.Length)];
                break;
            case 3:
                input.Insert(at, (byte)_random.Next(256));
                break;
            case 4:
                input.RemoveRange(at, _random.Next(Math.Min(input.Count - at, 16) + 1));
                break;
            case 5:
                byte[] other = Pick(target.Corpus);
                int first = _random.Next(other.Length + 1);
                input.InsertRange(at, other[first..(first + _random.Next(other.Length - first + 1))]);
                break;
            case 6 when target.Words.Count > 0:
                input.InsertRange(at, Pick(target.Words));
                break;
            case 7:
                input.InsertRange(at, input.GetRange(at, _random.Next(Math.Min(input.Count - at, 64) + 1)));
                break;
        }
    }

    private byte[] Pick(IReadOnlyList<byte[]> inputs) => inputs[_random.Next(inputs.Count)];
}
