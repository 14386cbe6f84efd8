using System.Diagnostics;
using FastForward.Tests.Tarantool;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>Lua code run by Tarantool as an interpreter, without a database.</summary>
internal static class LuaRun
{
    /// <summary>Runs code with arguments and returns what it wrote.</summary>
    public static Task<string> OutputAsync(string code, params string[] arguments) =>
        RunAsync([
            "-e",
            $"arg = {{{string.Join(", ", arguments.Select(text => $"[[{text}]]"))}}} "
                + $"assert(loadstring([==[{code}]==]))(unpack(arg))",
        ]);

    /// <summary>Runs a file of the tests with arguments and returns what it wrote.</summary>
    public static Task<string> FileAsync(string file, params string[] arguments) =>
        RunAsync([Path.Combine(TestContext.CurrentContext.TestDirectory, "Registry", "Tarantool", file), .. arguments]);

    private static async Task<string> RunAsync(string[] arguments)
    {
        ProcessStartInfo start = new(TarantoolServer.Executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync().InTime();
            return output + await errors.InTime();
        }
        finally
        {
            process.Kill();
        }
    }
}
