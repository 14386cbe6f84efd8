using System.Globalization;
using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

public sealed unsafe class SecretMemoryTests
{
    [Test]
    public void It_is_zeroed_aligned_and_excluded_from_core_dumps([Values(1, 100, 1024, 1025, 1 << 20)] int length)
    {
        using SecretMemory memory = new(length);
        Assert.That(memory.Bytes.ToArray(), Is.EqualTo(new byte[length]));
        Assert.That((long)memory.Pointer % 1024, Is.Zero);
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
    public void What_was_given_back_is_zero_for_the_next()
    {
        HashSet<nint> used = [];
        for (int round = 0; round < 3; round++)
        {
            SecretMemory[] all = [.. Enumerable.Range(0, 200).Select(static _ => new SecretMemory(1024))];
            Assert.That(all.Select(static memory => (nint)memory.Pointer), Is.Unique);
            foreach (SecretMemory memory in all)
            {
                Assert.That(memory.Bytes.IndexOfAnyExcept((byte)0), Is.Negative);
                memory.Bytes.Fill(0xA5);
                used.Add((nint)memory.Pointer);
            }

            foreach (SecretMemory memory in all)
                memory.Dispose();
        }

        Assert.That(used, Has.Count.LessThan(600), "memory is used again");
        foreach (nint slot in used)
        {
            // The pages of small secrets stay mapped.
            Assert.That(new Span<byte>((void*)slot, 1024).IndexOf((byte)0xA5), Is.Negative, "overwritten");
        }
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
