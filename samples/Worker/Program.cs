// A node in a worker service, with options from the configuration. In two terminals:
//   dotnet run --project samples/Worker -- --environment Left
//   dotnet run --project samples/Worker -- --environment Right
using FastForward.Samples.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

HostApplicationBuilder app = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory }
);
app.Services.AddFastForward(app.Configuration.GetSection("FastForward"))
    .AddHandler<FastForward.Transport.ForwardClient>();
app.Services.AddHostedService<ClockWorker>();
app.Build().Run();
