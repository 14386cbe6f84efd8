using System.Globalization;
using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

public sealed unsafe class SecretMemoryTests
{
    [Test]
    public void It_is_zeroed_aligned_and_excluded_from_core_dumps()
    {
        using SecretMemory memory = new(100);
        Assert.That(memory.Bytes.ToArray(), Is.EqualTo(new byte[100]));
        Assert.That((long)memory.Pointer % Environment.SystemPageSize, Is.Zero);
        Assert.That(FlagsOfMapping((nint)memory.Pointer), Does.Contain("dd"), "do not include in a core dump");
    }

    [Test]
    public void Disposed_it_is_given_back_and_refuses_access()
    {
        SecretMemory memory = new(32);
        memory.Bytes.Fill(1);
        memory.Dispose();
        memory.Dispose();
        Assert.That(() => memory.Bytes.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => *memory.Pointer, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_length_that_is_not_positive_is_refused([Values(0, -1)] int length) =>
        Assert.That(() => new SecretMemory(length), Throws.TypeOf<ArgumentOutOfRangeException>());

    // proc_pid_smaps(5): a line with the range of addresses, and further ones, of which VmFlags is the last.
    private static string FlagsOfMapping(nint address)
    {
        bool isWithin = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] range = line.Split(' ')[0].Split('-');
            if (
                range.Length == 2
                && nint.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nint start)
                && nint.TryParse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nint end)
            )
                isWithin = start <= address && address < end;
            else if (isWithin && line.StartsWith("VmFlags:", StringComparison.Ordinal))
                return line;
        }

        return "";
    }
}
