using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>The cross-process tool of FastForward.Benchmarks, built together with the tests.</summary>
internal static class BenchmarkTool
{
    /// <summary>Options of short rounds, whose figures mean nothing.</summary>
    public const string Short = "--seconds 0.1 --warmup 0.1";

    /// <summary>Its output folder has the same configuration as that of the tests.</summary>
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

    /// <summary>Starts it with space-separated arguments and default signal handling, as from a terminal.</summary>
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

    /// <summary>Its running child processes with their command lines.</summary>
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
                // It has exited meanwhile.
            }
        }

        return children;
    }
}
