namespace FastForward.Host.Demo;

/// <summary>Repeats a demo with other ports when another program takes one right after it was found free.</summary>
internal static class DemoAttempts
{
    private const int Most = 3;

    /// <param name="name">What is run, for messages.</param>
    /// <param name="screen">Progress.</param>
    /// <param name="run">Runs it, in a directory that is removed afterwards.</param>
    public static async Task<T> RunAsync<T>(string name, DemoScreen screen, Func<string, Task<T>> run)
    {
        for (int attempt = 1; ; attempt++)
        {
            // Of its own: nothing is left of an attempt that failed. Only the user can read it.
            DirectoryInfo directory = Directory.CreateTempSubdirectory("fastforward-demo-");
            try
            {
                return await run(directory.FullName).ConfigureAwait(false);
            }
            catch (DemoFailure failure) when (failure.IsPortTaken && attempt < Most)
            {
                screen.Line($"{name}: {failure.Message}; trying other ports");
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }
}
