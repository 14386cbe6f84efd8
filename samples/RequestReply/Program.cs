// A node without a container. In two terminals:
//   dotnet run --project samples/RequestReply -- serve
//   dotnet run --project samples/RequestReply -- ask stressed
using System.Text;
using FastForward.Transport;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

const uint Server = 40_100,
    Asker = 40_101;
ServiceId reverse = 1;

bool isServer = args is ["serve"];
if (!isServer && args is not ["ask", _])
{
    Console.Error.WriteLine("usage: RequestReply serve | ask <text>");
    return 2;
}

// The client is the handler of the node. It answers requests before the first peer can connect.
ForwardClient client = new();
if (isServer)
    client.Respond(reverse, Reverse);

ForwardHostOptions options = new(isServer ? Server : Asker)
{
    Socket = new() { Port = PortOf(isServer) },
    Handler = client,
};
options.AddRoute(isServer ? Asker : Server, TransportKind.Socket, PortOf(!isServer));
await using ForwardHost host = await ForwardHost.StartAsync(options);
if (isServer)
{
    Task shutdown = host.WaitForShutdownAsync(); // from here on signals end the program in order
    Console.WriteLine($"node {Server} serves until Ctrl-C");
    await shutdown;
    return 0;
}

try
{
    byte[] reply = await client.RequestAsync(Server, reverse, Encoding.UTF8.GetBytes(args[1]));
    PingResult ping = await client.PingAsync(Server);
    Console.WriteLine($"{Encoding.UTF8.GetString(reply)} ({ping.Outcome} over {ping.Transport})");
    return 0;
}
catch (Exception failure) when (failure is TimeoutException or ForwardException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

static ValueTask<ReadOnlyMemory<byte>> Reverse(ForwardRequest request, CancellationToken cancellationToken)
{
    char[] text = Encoding.UTF8.GetString(request.Payload.Span).ToCharArray();
    Array.Reverse(text);
    return new(Encoding.UTF8.GetBytes(text));
}

static int PortOf(bool isServer) => isServer ? 40_100 : 40_101;
