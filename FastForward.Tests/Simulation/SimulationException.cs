namespace FastForward.Tests.Simulation;

/// <summary>A world does not end: too many events, or an owner that is woken without anything to do.</summary>
internal sealed class SimulationException(string message) : Exception(message);
