using System.Reflection;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace FastForward.Tests;

/// <summary>
/// Runs tests of this assembly in this process with NUnit only:
/// <c>tests &lt;result file&gt; &lt;category&gt; [part of the full name ...]</c>.
/// In the lab, starting the test platform would take longer than the tests.
/// </summary>
internal sealed class TestRun : ITestListener
{
    private readonly Lock _lock = new();

    /// <returns>0 when all tests passed, 1 when one failed, 2 when none ran.</returns>
    public static int Run(string resultFile, string category, string[] names)
    {
        NUnitTestAssemblyRunner runner = new(new DefaultTestAssemblyBuilder());
        runner.Load(Assembly.GetExecutingAssembly(), new Dictionary<string, object>());
        ITestResult result = runner.Run(new TestRun(), Filter(category, names));
        File.WriteAllText(resultFile, result.ToXml(recursive: true).OuterXml);
        Console.Out.WriteLine(
            $"{result.PassCount} passed, {result.FailCount} failed, "
                + $"{result.SkipCount + result.InconclusiveCount} skipped"
        );
        if (result.TotalCount == 0)
            return 2;
        return result.ResultState.Status == TestStatus.Failed ? 1 : 0;
    }

    public void TestStarted(ITest test) { }

    public void TestFinished(ITestResult result)
    {
        // A suite is reported only when its own set-up or tear-down failed. Passed tests are in the result file only.
        if (result.Test.IsSuite && result.ResultState.Site is not (FailureSite.SetUp or FailureSite.TearDown))
            return;
        if (result.ResultState.Status == TestStatus.Passed)
            return;
        lock (_lock)
        {
            Console.Out.WriteLine($"  {result.ResultState.Status} {result.FullName} [{result.Duration:0.0} s]");
            foreach (
                string text in (ReadOnlySpan<string>)
                    [result.Message ?? "", result.StackTrace ?? "", result.Output ?? ""]
            )
            {
                foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    Console.Out.WriteLine($"    {line}");
            }
        }
    }

    /// <summary>Prints the progress output of a test at once, also when it passes (TestContext.Progress).</summary>
    public void TestOutput(TestOutput output)
    {
        lock (_lock)
            Console.Out.WriteLine($"  {output.TestName}: {output.Text.TrimEnd()}");
    }

    public void SendMessage(TestMessage message) { }

    private static TestFilter Filter(string category, string[] names)
    {
        TNode filter = new("filter");
        TNode all = filter.AddElement("and");
        all.AddElement("cat", category);
        if (names.Length > 0)
        {
            TNode any = all.AddElement("or");
            foreach (string name in names)
            {
                any.AddElement("test", System.Text.RegularExpressions.Regex.Escape(name)).AddAttribute("re", "1");
            }
        }

        return TestFilter.FromXml(filter);
    }
}
