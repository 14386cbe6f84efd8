using System.Globalization;
using System.Text.Json;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// The file with the last good rows of a registry: JSON, for its owner alone, replaced as a whole. It has what was in
/// use, not what the registry had: a bad row is kept out, and the row before it is in its place.
/// </summary>
internal static class RegistryCache
{
    private const int Format = 1;
    private const int MostBytes = 1 << 26;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode WrittenByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>What a cache has.</summary>
    /// <param name="Version">The state that the rows are of; null when the registry could not say it.</param>
    /// <param name="Overridden">Rows of <see cref="RouteTable.OverriddenNodes"/>.</param>
    /// <param name="Nodes">Rows of <see cref="RouteTable.Nodes"/>.</param>
    public sealed record Content(
        RegistryVersion? Version,
        IReadOnlyList<RouteRow> Overridden,
        IReadOnlyList<RouteRow> Nodes
    );

    /// <summary>Writes the file. Throws what the file system throws.</summary>
    public static void Write(string file, Content content)
    {
        string fresh = file + ".new";
        File.Delete(fresh);
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        };
        using (FileStream stream = new(fresh, options))
        {
            using (Utf8JsonWriter writer = new(stream))
                Write(writer, content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, file, overwrite: true);
    }

    /// <summary>Reads the file.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="problem">Why it is not used; null when it is, and when there is none.</param>
    /// <returns>Null when there is no file that can be used.</returns>
    public static Content? Read(string file, out string? problem)
    {
        problem = null;
        try
        {
            if (!File.Exists(file))
                return null;
            if ((File.GetUnixFileMode(file) & WrittenByOthers) != 0)
            {
                problem = "others than its owner may write it; chmod 600 it, or remove it";
                return null;
            }

            if (new FileInfo(file).Length > MostBytes)
            {
                problem = $"it is longer than {MostBytes} bytes";
                return null;
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetInt32() == Format)
                return new Content(
                    ReadVersion(root),
                    ReadRows(root, nameof(RouteTable.OverriddenNodes)),
                    ReadRows(root, nameof(RouteTable.Nodes))
                );
            problem = "it is of another version of this program";
        }
        catch (Exception exception)
            when (exception
                    is IOException
                        or UnauthorizedAccessException
                        or JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
            )
        {
            problem = exception.Message;
        }

        return null;
    }

    private static void Write(Utf8JsonWriter writer, Content content)
    {
        writer.WriteStartObject();
        writer.WriteNumber("format", Format);
        if (content.Version is { } version)
        {
            writer.WriteString("registry", version.Registry);
            writer.WriteStartArray("vclock");
            foreach ((uint server, ulong writes) in version.Clock)
            {
                writer.WriteStartArray();
                writer.WriteNumberValue(server);
                writer.WriteNumberValue(writes);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        WriteRows(writer, nameof(RouteTable.OverriddenNodes), content.Overridden);
        WriteRows(writer, nameof(RouteTable.Nodes), content.Nodes);
        writer.WriteEndObject();
    }

    private static void WriteRows(Utf8JsonWriter writer, string name, IReadOnlyList<RouteRow> rows)
    {
        writer.WriteStartArray(name);
        foreach (RouteRow row in rows)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(row.Node);
            writer.WriteNumberValue(row.KeyId);
            writer.WriteStringValue(TransportTypeMap.NameOf(row.Transport));
            writer.WriteStringValue(row.Address);
            writer.WriteNumberValue(row.Port);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static RegistryVersion? ReadVersion(JsonElement root) =>
        root.TryGetProperty("registry", out JsonElement registry)
            ? new RegistryVersion(
                registry.GetGuid(),
                [
                    .. root.GetProperty("vclock")
                        .EnumerateArray()
                        .Select(static pair => new KeyValuePair<uint, ulong>(
                            Field(pair, 0).GetUInt32(),
                            Field(pair, 1).GetUInt64()
                        )),
                ]
            )
            : null;

    private static List<RouteRow> ReadRows(JsonElement root, string name)
    {
        List<RouteRow> rows = [];
        foreach (JsonElement row in root.GetProperty(name).EnumerateArray())
        {
            string type = Field(row, 2).GetString() ?? "";
            if (!TransportTypeMap.Default.TryParse(type, out TransportKind kind))
                throw new FormatException($"it has the transport type '{type}'");
            string address = Field(row, 3).GetString() ?? "";
            rows.Add(
                new RouteRow(
                    Field(row, 0).GetUInt32(),
                    Field(row, 1).GetUInt32(),
                    kind,
                    address,
                    Field(row, 4).GetInt32()
                )
            );
        }

        return rows;
    }

    private static JsonElement Field(JsonElement row, int index) =>
        index < row.GetArrayLength()
            ? row[index]
            : throw new FormatException(
                string.Create(CultureInfo.InvariantCulture, $"a row has {row.GetArrayLength()} fields")
            );
}
