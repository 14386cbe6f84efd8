using FastForward.Host.Control;

namespace FastForward.Host.Actors;

/// <summary>An actor that has figures for <c>stat</c>.</summary>
internal interface IReportingActor
{
    /// <summary>Its figures; call on the loop thread.</summary>
    ActorReport Report();
}
