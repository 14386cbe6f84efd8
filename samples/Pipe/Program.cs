// A stream of bytes between two nodes (IDuplexPipe): the one side counts the lines that the other sends it, up to its
// end. In two terminals:
//   dotnet run --project samples/Pipe -- count
//   dotnet run --project samples/Pipe -- send README.md
using System.IO.Pipelines;
using FastForward.Transport;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

const uint Counter = 40_130,
    Sender = 40_131;
ServiceId lines = 1;

bool isCounter = args is ["count"];
if (!isCounter && args is not ["send", _])
{
    Console.Error.WriteLine("usage: Pipe count | send <file>");
    return 2;
}

ForwardClient client = new();
ForwardHostOptions options = new(isCounter ? Counter : Sender)
{
    Socket = new() { Port = PortOf(isCounter) },
    Handler = client,
};
options.AddRoute(isCounter ? Sender : Counter, TransportKind.Socket, PortOf(!isCounter));
using ForwardPipeListener? listener = isCounter ? client.Listen(lines) : null; // before the start: none comes earlier
await using ForwardHost host = await ForwardHost.StartAsync(options);
Task shutdown = host.WaitForShutdownAsync(); // from here on signals end the program in order
try
{
    if (listener is null)
        return await SendAsync(args[1]);
    Console.WriteLine($"node {Counter} counts until Ctrl-C");
    await Task.WhenAny(AcceptAsync(listener), shutdown);
    return 0;
}
catch (Exception failure) when (failure is IOException or OperationCanceledException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

async Task<int> SendAsync(string path)
{
    await using FileStream file = File.OpenRead(path);
    using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
    await using ForwardPipe pipe = await client.ConnectPipeAsync(Counter, lines, limit.Token);
    await file.CopyToAsync(pipe.Output); // a slow reader makes it wait
    await pipe.Output.CompleteAsync(); // the end of this direction; the answer comes in the other one
    using StreamReader answer = new(pipe.Input.AsStream());
    Console.WriteLine(await answer.ReadToEndAsync());
    return 0;
}

static async Task AcceptAsync(ForwardPipeListener listener)
{
    List<Task> pipes = [];
    await foreach (ForwardPipe pipe in listener.AcceptAllAsync())
    {
        pipes.RemoveAll(static ended => ended.IsCompleted);
        pipes.Add(CountAsync(pipe));
    }

    await Task.WhenAll(pipes);
}

static async Task CountAsync(ForwardPipe pipe)
{
    try
    {
        await using (pipe)
        {
            using StreamReader reader = new(pipe.Input.AsStream());
            int count = 0;
            while (await reader.ReadLineAsync() is not null)
                count++;
            await using StreamWriter answer = new(pipe.Output.AsStream());
            await answer.WriteAsync($"{count} lines");
        }
    }
    catch (IOException failure)
    {
        Console.Error.WriteLine($"node {pipe.Node}: {failure.Message}");
    }
}

static int PortOf(bool isCounter) => isCounter ? 40_130 : 40_131;
