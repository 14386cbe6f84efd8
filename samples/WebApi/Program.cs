// A node in a web application: requests of HTTP clients go on to other nodes, and the node has a health check and
// metrics. In two terminals:
//   dotnet run --project samples/WebApi -- --environment Left
//   dotnet run --project samples/WebApi -- --environment Right
// and in a third:
//   curl http://127.0.0.1:8120/time/40121
//   curl http://127.0.0.1:8120/health
//   curl http://127.0.0.1:8120/metrics
using System.Text;
using FastForward.Samples.WebApi;
using FastForward.Transport;
using FastForward.Transport.DependencyInjection;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

ServiceId clock = 1;

WebApplicationBuilder builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }
);
builder.Services.AddFastForward(builder.Configuration.GetSection("FastForward")).AddHandler<ForwardClient>();
builder.Services.AddHealthChecks().AddCheck<ForwardHealthCheck>("fastforward");
builder.Services.AddSingleton<MeterSnapshot>();

WebApplication app = builder.Build();
ForwardClient client = app.Services.GetRequiredService<ForwardClient>();
client.Respond(clock, (_, _) => new(Encoding.UTF8.GetBytes($"{DateTime.UtcNow:O}"))); // before the node starts

app.MapHealthChecks("/health");
app.MapGet("/metrics", (MeterSnapshot meter) => meter.Read());
app.MapGet("/time/{node}", TimeOf);
app.Run();

async Task<IResult> TimeOf(uint node, CancellationToken stop)
{
    try
    {
        byte[] reply = await client.RequestAsync(node, clock, default, cancellationToken: stop);
        return Results.Text(Encoding.UTF8.GetString(reply));
    }
    catch (Exception failure) when (failure is TimeoutException or ForwardException)
    {
        return Results.Problem(failure.Message, statusCode: StatusCodes.Status502BadGateway);
    }
}
