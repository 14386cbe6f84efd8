namespace Tarantool.Client;

/// <summary>A column of a query's result.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The SQL type, such as <c>integer</c>; empty if the server does not send it.</param>
public sealed record SqlColumn(string Name, string Type);
