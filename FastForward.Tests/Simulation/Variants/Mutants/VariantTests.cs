using System.Reflection;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace FastForward.Tests.Simulation.Variants.Mutants;

/// <summary>Runs the tests in a variant, until one fails.</summary>
/// <param name="fill">Gives the loops of the variant fuel for one test.</param>
internal sealed class VariantTests(Action fill) : ITestListener
{
    private string? _failed;

    /// <returns>The first test that failed; null when none did.</returns>
    public static string? FindFailed(Assembly variant, Action fill)
    {
        VariantTests tests = new(fill);
        NUnitTestAssemblyRunner runner = new(new DefaultTestAssemblyBuilder());
        // All on one thread, whose fuel is filled.
        Dictionary<string, object> settings = new()
        {
            ["StopOnError"] = true,
            ["NumberOfTestWorkers"] = 0,
            ["SynchronousEvents"] = true,
        };
        runner.Load(variant, settings);
        ITestResult result = runner.Run(tests, TestFilter.Empty);
        if (result.TotalCount == 0)
            throw new InvalidOperationException("The variant has no tests.");
        return tests._failed;
    }

    public void TestStarted(ITest test) => fill();

    public void TestFinished(ITestResult result)
    {
        if (!result.Test.IsSuite && result.ResultState.Status == TestStatus.Failed)
            _failed ??= result.FullName;
    }

    public void TestOutput(TestOutput output) { }

    public void SendMessage(TestMessage message) { }
}
