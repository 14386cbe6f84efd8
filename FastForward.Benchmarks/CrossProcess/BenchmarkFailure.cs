namespace FastForward.Benchmarks.CrossProcess;

/// <summary>A measurement failed. The message is printed to the user.</summary>
internal sealed class BenchmarkFailure(string message) : Exception(message);
