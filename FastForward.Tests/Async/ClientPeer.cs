using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>A node with a client in a process of its own: echoes pipes of service 42, and says "ready". It never reads messages.</summary>
internal static class ClientPeer
{
    public const ushort Service = 42;

    public static int Run(string[] arguments)
    {
        ClientNode node = new(arguments[0], uint.Parse(arguments[1]), uint.Parse(arguments[2]));
        ForwardPipeListener listener = node.Client.Listen(Service);
        using ForwardReceiver receiver = node.Client.Receive();
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
