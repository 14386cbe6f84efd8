using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>The cross-process tool of FastForward.Benchmarks, as it was built with the tests.</summary>
internal static class BenchmarkTool
{
    /// <summary>It lies in its own folder, beside that of the tests, in the same configuration.</summary>
    public static string Path
    {
        get
        {
            DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd('/'));
            DirectoryInfo configuration = framework.Parent!;
            string root = configuration.Parent!.Parent!.Parent!.FullName;
            return System.IO.Path.Combine(
                root,
                "FastForward.Benchmarks",
                "bin",
                configuration.Name,
                framework.Name,
                "FastForward.Benchmarks"
            );
        }
    }

    /// <summary>Starts it with arguments that are separated by blanks, with signals as a terminal would give them.</summary>
    public static RunningProgram Start(string arguments, params string[] environment) =>
        RunningProgram.Start(
            "env",
            [
                "--default-signal=INT",
                .. environment,
                Path,
                .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ]
        );

    /// <summary>The processes that it has started and that still run, with their command lines.</summary>
    public static IReadOnlyList<(int Id, string Command)> ChildrenOf(int process)
    {
        List<(int, string)> children = [];
        foreach (
            string directory in Directory
                .EnumerateDirectories("/proc")
                .Where(static directory => char.IsAsciiDigit(directory[^1]))
        )
        {
            try
            {
                string status = File.ReadAllText($"{directory}/stat");
                string[] fields = status[(status.LastIndexOf(')') + 2)..].Split(' '); // state, parent, ...
                if (fields[1] == process.ToString(System.Globalization.CultureInfo.InvariantCulture))
                    children.Add(
                        (
                            int.Parse(
                                System.IO.Path.GetFileName(directory),
                                System.Globalization.CultureInfo.InvariantCulture
                            ),
                            File.ReadAllText($"{directory}/cmdline").Replace('\0', ' ')
                        )
                    );
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return children;
    }
}
