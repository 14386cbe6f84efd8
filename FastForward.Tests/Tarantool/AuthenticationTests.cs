using System.Net.Sockets;
using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>Authentication against the real server.</summary>
internal sealed class AuthenticationTests
{
    private TarantoolServer _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await TarantoolServer.StartAsync();

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Test]
    public async Task Without_a_user_the_session_is_guest()
    {
        await using TarantoolClient client = await TarantoolClient.ConnectAsync($"unix/:{_server.SocketPath}").InTime();
        await client.PingAsync().InTime();
        TarantoolServerException error = await client.EvalAsync("return 1").AsTask().Fails<TarantoolServerException>();
        Assert.That(error.Code, Is.EqualTo(TarantoolErrorCodes.AccessDenied));
        Assert.That(error.ErrorStack[0].Fields[(TarantoolValue)"access_type"].AsString(), Is.EqualTo("Execute"));
        Assert.That(error.Message, Does.Contain("guest"));
    }

    [Test]
    public async Task A_user_in_the_address_is_authenticated()
    {
        string address =
            $"{TarantoolServer.User}:{Uri.EscapeDataString(TarantoolServer.Password)}@unix/:{_server.SocketPath}";
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(address).InTime();
        Assert.That(
            (await client.EvalAsync("return box.session.user()").InTime())[0].AsString(),
            Is.EqualTo(TarantoolServer.User)
        );
    }

    [Test]
    public async Task A_wrong_password_and_an_unknown_user_are_refused()
    {
        TarantoolClientOptions options = _server.Options;
        options.Password = "wrong";
        Assert.That(
            (await TarantoolClient.ConnectAsync(options).AsTask().Fails<TarantoolServerException>()).Code,
            Is.EqualTo(TarantoolErrorCodes.PasswordMismatch)
        );

        options.UserName = "stranger";
        Assert.That(
            (await TarantoolClient.ConnectAsync(options).AsTask().Fails<TarantoolServerException>()).Code,
            Is.EqualTo(TarantoolErrorCodes.NoSuchUser).Or.EqualTo(TarantoolErrorCodes.PasswordMismatch)
        );
    }

    [Test]
    public async Task An_absent_server_is_reported_with_its_address()
    {
        TarantoolClientOptions options = new()
        {
            EndPoints = [new UnixDomainSocketEndPoint("/tmp/there-is-no-such.sock")],
        };
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync(options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain("there-is-no-such.sock"));
        Assert.That(error.MayHaveExecuted, Is.False);
    }
}
