using System.Runtime.InteropServices;

namespace FastForward.Tests.Chaos;

/// <summary>
/// A node or the stranger as a process of its own. It answers each line of its input by one line, ends in order at
/// SIGTERM, and at once with its parent.
/// </summary>
internal static class ChaosChild
{
    public static int Run(string[] words)
    {
        ChaosArguments arguments = ChaosArguments.Parse(words);
        return arguments.Node == 0 ? RunStranger(arguments) : RunNode(arguments).GetAwaiter().GetResult();
    }

    private static async Task<int> RunNode(ChaosArguments arguments)
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            context =>
            {
                context.Cancel = true;
                asked.TrySetResult();
            }
        );
        ChaosNode node = new(arguments);
        node.Start();
        Random random = new(arguments.Seed);
        FollowParent(command =>
        {
            switch (command)
            {
                case "cut":
                    return OwnLinks.Cut(random) ? "cut" : "none";
                case "IP first" or "sockets first" or "flip":
                    node.Prefer(
                        command switch
                        {
                            "IP first" => true,
                            "sockets first" => false,
                            _ => null,
                        }
                    );
                    return command;
                case "talk":
                    node.Talk().Wait();
                    return "talk";
                case "pause":
                    return $"{node.TakePause().Result}";
                case "quiet":
                    node.BeQuiet().Wait();
                    return "quiet";
                default:
                    return node.GetState().Result.ToLine();
            }
        });
        Console.WriteLine("ready");
        await asked.Task;
        await node.DisposeAsync();
        return 0;
    }

    private static int RunStranger(ChaosArguments arguments)
    {
        using Stranger stranger = new(arguments);
        FollowParent(_ => stranger.Report());
        Console.WriteLine("ready");
        stranger.Run();
        return 0;
    }

    private static void FollowParent(Func<string, string> answer)
    {
        Thread input = new(() =>
        {
            while (Console.In.ReadLine() is { } command)
                Console.WriteLine(answer(command));
            Environment.Exit(3);
        })
        {
            IsBackground = true,
            Name = "parent",
        };
        input.Start();
    }
}
