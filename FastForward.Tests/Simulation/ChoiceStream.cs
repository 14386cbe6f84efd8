namespace FastForward.Tests.Simulation;

/// <summary>One stream of decisions, for whatever takes a <see cref="Random"/>.</summary>
internal sealed class ChoiceStream(IChoices choices, string name) : Random
{
    private int _next;

    public long Below(long limit) => limit < 2 ? 0 : choices.Below(new ChoicePoint(name, _next++), limit);

    public bool Chance(double probability) =>
        probability > 0 && choices.Chance(new ChoicePoint(name, _next++), probability) != 0;

    public override int Next() => (int)Below(int.MaxValue);

    public override int Next(int maxValue) => (int)Below(maxValue);

    public override int Next(int minValue, int maxValue) => (int)(minValue + Below((long)maxValue - minValue));

    public override long NextInt64() => Below(long.MaxValue);

    public override long NextInt64(long maxValue) => Below(maxValue);

    public override long NextInt64(long minValue, long maxValue) => minValue + Below(maxValue - minValue);

    public override double NextDouble() => Below(1L << 53) * (1.0 / (1L << 53));

    public override float NextSingle() => (float)NextDouble();

    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    public override void NextBytes(Span<byte> buffer)
    {
        foreach (ref byte value in buffer)
            value = (byte)Below(256);
    }

    protected override double Sample() => NextDouble();
}
