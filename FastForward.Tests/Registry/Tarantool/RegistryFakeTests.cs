namespace FastForward.Tests.Registry.Tarantool;

/// <summary>
/// What needs a later Tarantool than the tests have: the cases of fake_cases.lua, over a box of their own.
/// </summary>
internal sealed class RegistryFakeTests
{
    [TestCaseSource(nameof(Cases))]
    public async Task The_module_over_a_box_that_is_not_real(string name)
    {
        string output = await LuaRun.FileAsync("fake_cases.lua", RegistryServer.ModulePath, name);
        Assert.That(output, Does.StartWith("ok\n"));
    }

    [Test]
    public async Task Every_case_is_run()
    {
        string output = await LuaRun.FileAsync("fake_cases.lua", RegistryServer.ModulePath);
        Assert.That(output.TrimEnd().Split('\n'), Is.EqualTo(Cases().Order(StringComparer.Ordinal)));
    }

    // From the text, because the tests are listed also where Tarantool is not installed.
    private static IEnumerable<string> Cases()
    {
        const string start = "function cases.";
        string file = Path.Combine(AppContext.BaseDirectory, "Registry", "Tarantool", "fake_cases.lua");
        return File.ReadLines(file)
            .Where(line => line.StartsWith(start, StringComparison.Ordinal))
            .Select(line => line[start.Length..line.IndexOf('(', StringComparison.Ordinal)]);
    }
}
