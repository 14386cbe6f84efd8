using FastForward.Host.Actors;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests.Host;

public sealed class DropLogTests
{
    private static readonly DropReason s_full = new("full", "full");
    private static readonly DropReason s_tooLarge = new("large", "too large");
    private readonly Lines _lines = new();

    [Test]
    public void The_first_drop_is_logged_at_once_and_a_flood_once_per_ten_seconds()
    {
        _lines.Clear();
        DropLog drops = new("bridge", _lines);
        for (int i = 0; i < 1000; i++)
            drops.Add(s_full, 55, TimeSpan.FromMicroseconds(i));
        drops.Flush(TimeSpan.FromMicroseconds(9_999_999));
        Assert.That(_lines, Is.EqualTo(new[] { "bridge: dropped 1 (the last of 55 bytes): full" }));
        drops.Flush(TimeSpan.FromSeconds(10));
        drops.Flush(TimeSpan.FromSeconds(30));
        Assert.That(
            _lines,
            Is.EqualTo(
                new[]
                {
                    "bridge: dropped 1 (the last of 55 bytes): full",
                    "bridge: dropped 999 (the last of 55 bytes): full",
                }
            )
        );
        Assert.That(drops.Total, Is.EqualTo(1000));
    }

    [Test]
    public void Another_reason_is_not_kept_back()
    {
        _lines.Clear();
        DropLog drops = new("outlet", _lines);
        drops.Add(s_full, 1, TimeSpan.Zero);
        drops.Add(s_tooLarge, 2000, TimeSpan.FromMicroseconds(1));
        Assert.That(_lines, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_length_is_told_where_there_is_one()
    {
        _lines.Clear();
        DropLog drops = new("outlet", _lines);
        drops.Add(s_full, null, TimeSpan.Zero, 3);
        drops.Add(s_tooLarge, 0, TimeSpan.Zero);
        Assert.That(
            _lines,
            Is.EqualTo(new[] { "outlet: dropped 3: full", "outlet: dropped 1 (the last of 0 bytes): too large" })
        );
    }

    private sealed class Lines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Add(formatter(state, exception));
    }
}
