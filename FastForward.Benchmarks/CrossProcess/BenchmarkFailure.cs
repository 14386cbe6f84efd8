namespace FastForward.Benchmarks.CrossProcess;

/// <summary>A measurement that could not be made, with a reason for a person.</summary>
internal sealed class BenchmarkFailure(string message) : Exception(message);
