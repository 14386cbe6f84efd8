using System.Globalization;
using SharpFuzz;

namespace FastForward.Tests.Fuzzing;

/// <summary>
/// Targets from the command line: <c>fuzz list</c>; <c>fuzz corpus folder</c> writes the valid inputs of each target
/// into a folder of its own; <c>fuzz afl target</c> and <c>fuzz libfuzzer target</c> are started by those fuzzers;
/// <c>fuzz run target file...</c> runs inputs that they found.
/// </summary>
internal static class FuzzRun
{
    /// <summary>Of the bounded run in the tests; FASTFORWARD_FUZZ_SEED sets another one.</summary>
    public static int Seed => Read("FASTFORWARD_FUZZ_SEED", 1);

    /// <summary>Changed inputs of each target in the tests; FASTFORWARD_FUZZ_INPUTS sets another number.</summary>
    public static int Inputs => Read("FASTFORWARD_FUZZ_INPUTS", 8_000);

    public static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["list"]:
                foreach (FuzzTarget target in FuzzTargets.All)
                    Console.Out.WriteLine($"{target}: {target.Corpus.Count} valid inputs");
                return 0;
            case ["corpus", var folder]:
                foreach (FuzzTarget target in FuzzTargets.All)
                    Write(target, Directory.CreateDirectory(Path.Combine(folder, target.Name)).FullName);
                return 0;
            case ["afl", var name] when FuzzTargets.Find(name) is { } target:
                Fuzzer.OutOfProcess.Run(stream =>
                {
                    using MemoryStream input = new();
                    stream.CopyTo(input);
                    target.Accepts(input.ToArray());
                });
                return 0;
            case ["libfuzzer", var name] when FuzzTargets.Find(name) is { } target:
                Fuzzer.LibFuzzer.Run(input => target.Accepts(input.ToArray()));
                return 0;
            case ["run", var name, .. var files] when FuzzTargets.Find(name) is { } target:
                foreach (string file in files)
                    Console.Out.WriteLine($"{file}: {(target.Accepts(File.ReadAllBytes(file)) ? "taken" : "refused")}");
                return 0;
            default:
                Console.Error.WriteLine(
                    "fuzz list | corpus <folder> | afl <target> | libfuzzer <target> | run <target> .."
                );
                return 2;
        }
    }

    private static void Write(FuzzTarget target, string folder)
    {
        for (int i = 0; i < target.Corpus.Count; i++)
            File.WriteAllBytes(Path.Combine(folder, i.ToString("000", CultureInfo.InvariantCulture)), target.Corpus[i]);
    }

    private static int Read(string variable, int standard) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(variable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int value
        )
            ? value
            : standard;
}
