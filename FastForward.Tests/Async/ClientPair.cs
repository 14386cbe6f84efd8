using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>Two nodes with clients, connected.</summary>
internal sealed class ClientPair : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ClientPair(ForwardClientOptions? options = null, Action<ForwardNodeOptions>? configure = null)
    {
        A = new ClientNode(_directory.Path, 25011, 250012, options, configure);
        B = new ClientNode(_directory.Path, 250012, 25011, options, configure);
        A.Start();
        B.Start();
        Eventually.True(() => A.IsConnectedTo(B.Id) && B.IsConnectedTo(A.Id), () => "connected");
    }

    public ClientNode A { get; }

    public ClientNode B { get; }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        _directory.Dispose();
    }
}
