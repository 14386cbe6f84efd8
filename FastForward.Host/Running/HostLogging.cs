using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>What of the log is written.</summary>
/// <param name="lowest">The lowest level at the start.</param>
internal sealed class HostLogging(LogLevel lowest)
{
    private volatile int _lowest = (int)lowest;

    /// <summary>The lowest level that is logged; may be changed at any time, by any thread.</summary>
    public LogLevel Lowest
    {
        get => (LogLevel)_lowest;
        set => _lowest = (int)value;
    }

    /// <summary>Adds the log of the program, and this object as a service.</summary>
    public void Configure(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Trace);
        logging.AddFilter(level => level >= Lowest);

        // What goes wrong in the generic host reaches this program as an exception, which it logs in its own words.
        logging.AddFilter("Microsoft", LogLevel.None);

        // 1600 and 1601: this program's own 8100 and 8102 say the same and more.
        logging.AddFilter("FastForward.Transport.DependencyInjection.ForwardService", LogLevel.Warning);

        // 1400: 8000 and 8020 name each bridge and outlet; a count would include the actor that stands for none.
        logging.AddFilter("FastForward.Transport.Actors.ActorSystem", LogLevel.Warning);
        logging.Services.AddSingleton(this);
        logging.Services.AddSingleton<ILoggerProvider>(static _ => new HostLog(
            StandardError.Open(),
            hasColors: !Console.IsErrorRedirected
        ));
    }
}
