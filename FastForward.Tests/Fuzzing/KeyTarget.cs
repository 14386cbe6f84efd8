using FastForward.Transport;
using FastForward.Transport.Keys;
using static FastForward.Tests.Fuzzing.FuzzTargets;

namespace FastForward.Tests.Fuzzing;

/// <summary>Files of keys: what is taken is written and read again, and what is refused is never repeated.</summary>
internal static class KeyTarget
{
    private const string File = "keys";

    // Of the bytes 1 to 32.
    private const string Secret = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyBmv/n6";

    public static FuzzTarget Files { get; } =
        new(
            "keys",
            [
                Bytes($"FastForward keys 1\n17 25011 25012 {Secret}\n"),
                Bytes($"FastForward keys 1\n# until winter, then another one for these two\n\n17 25011 25012 {Secret}"),
                Bytes($"FastForward keys 1\r\n\t17\t25011  25012 {Secret} \r\n#{new string('-', 200)}\r\n"),
            ],
            Read,
            Bytes("\n"),
            Bytes(" "),
            Bytes("#"),
            Bytes("0"),
            Bytes("4294967296"),
            Bytes("="),
            Bytes("\uFEFF"),
            Bytes(Secret)
        );

    private static bool Read(byte[] input)
    {
        List<string> problems = [];
        IReadOnlyList<ForwardKey> keys = KeyFileText.Parse(File, input, problems);
        int lines = input.Count(static value => value == (byte)'\n') + 1;
        foreach (string problem in problems)
        {
            FuzzTarget.Require(!problem.Any(char.IsControl), $"a problem is one line: {problem}");
            FuzzTarget.Require(
                problem.StartsWith($"{File}:", StringComparison.Ordinal),
                $"it names the file: {problem}"
            );
            for (int at = 0; at + 8 <= Secret.Length; at++)
                FuzzTarget.Require(!problem.Contains(Secret[at..(at + 8)]), "no part of a secret is repeated");
            string line = problem.Split(':')[1];
            FuzzTarget.Require(
                line.StartsWith(' ') || int.Parse(line) is > 0 and int number && number <= lines,
                $"the line exists: {problem}"
            );
        }

        FuzzTarget.Require(keys.Count > 0 || problems.Count > 0, "keys or problems");
        byte[] written = new byte[KeyFileText.LengthOf(keys)];
        int length = KeyFileText.Format(keys, written);
        List<string> none = [];
        IReadOnlyList<ForwardKey> again = KeyFileText.Parse(File, written.AsSpan(0, length), none);
        FuzzTarget.Require(keys.Count == 0 || none.Count == 0, "what was taken is written so that it can be read");
        FuzzTarget.Require(keys.Count == again.Count, "all keys are read again");
        for (int i = 0; i < keys.Count; i++)
        {
            FuzzTarget.Require(keys[i].Id == again[i].Id && keys[i].Nodes.SequenceEqual(again[i].Nodes), "a key");
            FuzzTarget.RequireEqual(again[i].Secret, keys[i].Secret, "its secret");
            keys[i].Dispose();
            again[i].Dispose();
        }

        return problems.Count == 0;
    }
}
