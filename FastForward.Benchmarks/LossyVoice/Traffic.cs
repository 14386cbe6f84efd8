namespace FastForward.Benchmarks.LossyVoice;

/// <summary>Datagrams and their bytes, with the headers of IPv4 and UDP.</summary>
internal readonly record struct Traffic(long Datagrams, long Bytes)
{
    private const int Headers = 28;

    public Traffic With(int length) => new(Datagrams + 1, Bytes + length + Headers);
}
