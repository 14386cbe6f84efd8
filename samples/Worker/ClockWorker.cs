using System.Buffers.Binary;
using FastForward.Transport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Samples.Worker;

/// <summary>Tells other nodes the time when they ask, and asks one of them once a second.</summary>
internal sealed partial class ClockWorker : BackgroundService
{
    private static readonly ServiceId s_clock = 1;

    private readonly ForwardClient _client;
    private readonly ILogger<ClockWorker> _logger;
    private readonly uint _other;

    public ClockWorker(ForwardClient client, IConfiguration configuration, ILogger<ClockWorker> logger)
    {
        _client = client;
        _logger = logger;
        _other = configuration.GetValue<uint>("Other");
        client.Respond(s_clock, TellTime); // here and not in ExecuteAsync: before the node starts
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        do
        {
            try
            {
                byte[] reply = await _client.RequestAsync(_other, s_clock, default, cancellationToken: stoppingToken);
                DateTime time = new(BinaryPrimitives.ReadInt64LittleEndian(reply), DateTimeKind.Utc);
                LogTime(_logger, _other, time);
            }
            catch (Exception failure) when (failure is TimeoutException or ForwardException)
            {
                LogFailure(_logger, failure.Message);
            }
        } while (await second.WaitForNextTickAsync(stoppingToken));
    }

    private static ValueTask<ReadOnlyMemory<byte>> TellTime(ForwardRequest request, CancellationToken cancellationToken)
    {
        byte[] reply = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(reply, DateTime.UtcNow.Ticks);
        return new(reply);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "node {Node} says that it is {Time:O}")]
    private static partial void LogTime(ILogger logger, uint node, DateTime time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}")]
    private static partial void LogFailure(ILogger logger, string reason);
}
