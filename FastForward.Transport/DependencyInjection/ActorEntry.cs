using FastForward.Transport.Actors;

namespace FastForward.Transport.DependencyInjection;

/// <summary>An actor that the start of the host creates.</summary>
internal sealed record ActorEntry(Func<IServiceProvider, IActor> Create, ServiceId[] Services);
