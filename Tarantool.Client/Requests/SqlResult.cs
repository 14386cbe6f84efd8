namespace Tarantool.Client;

/// <summary>The result of an SQL statement.</summary>
/// <param name="Columns">The columns of a query; empty for other statements.</param>
/// <param name="Rows">The rows of a query; empty for other statements.</param>
/// <param name="RowsAffected">The number of rows that the statement changed; 0 for queries.</param>
/// <param name="GeneratedIds">The AUTOINCREMENT values of inserted rows.</param>
public sealed record SqlResult(
    IReadOnlyList<SqlColumn> Columns,
    IReadOnlyList<TarantoolTuple> Rows,
    long RowsAffected,
    IReadOnlyList<long> GeneratedIds
);
