using CsCheck;
using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session.Recovery;

/// <summary>Sets of bytes, against a bit per byte.</summary>
[TestFixture]
public sealed class ByteRangesTests
{
    private const int Bytes = 40;

    [Test]
    public void The_set_contains_what_was_added()
    {
        Gen.Select(Gen.Int[0, Bytes], Gen.Int[0, Bytes])
            .List[1, 30]
            .Sample(
                parts =>
                {
                    ByteRanges ranges = default;
                    bool[] model = new bool[Bytes];
                    foreach ((int one, int other) in parts)
                    {
                        (int start, int end) = (Math.Min(one, other), Math.Max(one, other));
                        ranges.Add(start, end);
                        model.AsSpan(start, end - start).Fill(true);
                        Compare(ranges, model);
                    }

                    ranges.Clear();
                    Compare(ranges, new bool[Bytes]);
                },
                iter: 3000
            );
    }

    private static void Compare(in ByteRanges ranges, bool[] model)
    {
        Assert.That(ranges.Count, Is.EqualTo(model.Count(static isIn => isIn)));
        for (int start = 0; start < Bytes; start++)
        {
            for (int end = start + 1; end <= Bytes; end++)
            {
                if (ranges.Contains(start, end) == model.AsSpan(start, end - start).Contains(false))
                    Assert.Fail($"{start}..{end}");
            }
        }
    }
}
