namespace FastForward.Transport.Session;

/// <summary>
/// The two ends of a path. Paths between the same ends share what happens between them, so that one of them is kept,
/// no matter which node opened it.
/// </summary>
/// <param name="Kind">The medium.</param>
/// <param name="Local">The local address, where the medium has several.</param>
/// <param name="Remote">The remote address, where the medium has several.</param>
internal sealed record PathWay(TransportKind Kind, LinkSource Local = default, LinkSource Remote = default);
