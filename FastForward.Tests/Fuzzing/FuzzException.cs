namespace FastForward.Tests.Fuzzing;

/// <summary>A parser broke a rule.</summary>
internal sealed class FuzzException(string message) : Exception(message);
