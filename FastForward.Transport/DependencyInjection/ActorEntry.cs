using FastForward.Transport.Actors;

namespace FastForward.Transport.DependencyInjection;

/// <summary>An actor that is still to be made.</summary>
internal sealed record ActorEntry(Func<IServiceProvider, IActor> Create, ServiceId[] Services);
