using System.Diagnostics;
using System.Globalization;

namespace FastForward.Tests.Simulation;

/// <summary>The same seeds write the same frames in processes with other settings of the runtime.</summary>
[TestFixture]
[Category("Process")]
public sealed class DeterminismTests
{
    private const int Seeds = 20;

    [Test]
    public void Worlds_are_the_same_in_every_process()
    {
        string[] here =
        [
            .. Enumerable
                .Range(0, Seeds)
                .Select(static seed =>
                    TinyWorld.Run(new SeededChoices((ulong)seed)).Hash.ToString(CultureInfo.InvariantCulture)
                ),
        ];
        Assert.That(here, Is.Unique);
        Assert.That(Other(("DOTNET_TieredCompilation", "1"), ("DOTNET_gcServer", "1")), Is.EqualTo(here));
        Assert.That(Other(("DOTNET_TieredPGO", "0"), ("DOTNET_ReadyToRun", "0")), Is.EqualTo(here));
    }

    // Hash codes of strings differ in each process by themselves.
    private static string[] Other(params (string Name, string Value)[] settings)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true };
        foreach (
            string argument in (ReadOnlySpan<string>)
                [
                    "exec",
                    typeof(DeterminismTests).Assembly.Location,
                    "simulate",
                    "hash",
                    "0",
                    Seeds.ToString(CultureInfo.InvariantCulture),
                ]
        )
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!output.Wait(LoopDriver.Limit))
        {
            process.Kill();
            Assert.Fail($"The other process did not end within {LoopDriver.Limit.TotalSeconds} s.");
        }

        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
