using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>
/// A node with a client in a separate process: prints "ready", echoes pipes of service 42 and requests to service 43,
/// and never answers requests to service 44. It reads no messages.
/// </summary>
internal static class ClientPeer
{
    public const byte Service = 42;
    public const byte Echo = 43;
    public const byte Silent = 44;

    public static int Run(string[] arguments)
    {
        ClientNode node = new(arguments[0], uint.Parse(arguments[1]), uint.Parse(arguments[2]));
        ForwardPipeListener listener = node.Client.Listen(Service);
        using ForwardReceiver receiver = node.Client.Receive();
        node.Client.Respond(Echo, static (request, _) => new(request.Payload.ToArray()));
        node.Client.Respond(
            Silent,
            static async (_, cancellationToken) =>
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return default;
            }
        );
        node.Start();
        Console.WriteLine("ready");
        Serve(listener).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task Serve(ForwardPipeListener listener)
    {
        await foreach (ForwardPipe pipe in listener.AcceptAllAsync())
            _ = pipe.Input.CopyToAsync(pipe.Output);
    }
}
