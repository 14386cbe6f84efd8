using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using Microsoft.Extensions.Configuration;

namespace FastForward.Host.Instances;

/// <summary>Reads a <c>[registry]</c> section.</summary>
internal static class RegistryReader
{
    private const string ServersExample = "unix/:/run/tarantool/registry.sock, 10.0.0.7:3301";

    public static RegistrySettings Read(
        string file,
        InstanceSection section,
        IConfiguration values,
        List<InstanceProblem> problems
    )
    {
        SectionReader keys = new(file, section, values, problems);
        RegistrySettings registry = new()
        {
            Name = section.Name,
            Servers = ReadServers(keys),
            User = ReadUser(keys),
            PasswordFile = ReadPasswordFile(keys),
            Cache = ReadCache(keys),
            Tables = ReadTables(keys),
        };
        if (registry.PasswordFile is not null && registry.User is null)
            keys.Contradiction("password-file", "goes with user, which is not given", "user = fastforward");
        keys.ReportUnknownKeys();
        return registry;
    }

    private static List<string> ReadServers(SectionReader keys)
    {
        const string Key = "servers";
        if (keys.List(Key) is not { } texts)
        {
            keys.Missing(Key, ServersExample);
            return [];
        }

        List<string> servers = [];
        foreach (string text in texts)
        {
            if (TarantoolRegistryOptions.FindServerProblem(text) is { } problem)
                keys.Wrong(Key, text, $"is no address of a server: {problem}", ServersExample);
            else if (servers.Contains(text))
                keys.Wrong(Key, text, "is given again", ServersExample);
            else
                servers.Add(text);
        }

        if (texts.Count == 0)
            keys.Wrong(Key, "", "names no server", ServersExample);
        else if (servers.Count > TarantoolRegistryOptions.MostServers)
            keys.Wrong(
                Key,
                texts[^1],
                $"is one too many; there may be {TarantoolRegistryOptions.MostServers}",
                ServersExample
            );
        return servers;
    }

    private static string? ReadUser(SectionReader keys)
    {
        string? user = keys.Text("user");
        if (user?.Length == 0)
            keys.Wrong("user", user, "names no user", "fastforward");
        return user;
    }

    // Its content is for the node alone, and not checked here.
    private static string? ReadPasswordFile(SectionReader keys)
    {
        const string Key = "password-file";
        const string Example = "/etc/fastforward/registry-password";
        string? file = keys.Text(Key);
        if (file?.Length == 0)
            keys.Wrong(Key, file, "names no file", Example);
        else if (
            file is not null
            && !Path.IsPathRooted(file)
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"))
        )
            keys.Wrong(Key, file, "is no absolute path, and there is no $CREDENTIALS_DIRECTORY", Example);
        return file;
    }

    private static string? ReadCache(SectionReader keys)
    {
        const string Key = "cache";
        const string Example = "/var/lib/fastforward/25011.routes";
        if (keys.Text(Key) is not { } file)
            return null;
        if (!Path.IsPathRooted(file))
            keys.Wrong(Key, file, "is no absolute path", Example);
        else if (!Directory.Exists(Path.GetDirectoryName(file)))
            keys.Wrong(Key, file, "is in no directory of this machine", Example);
        return file;
    }

    private static List<RouteTable> ReadTables(SectionReader keys)
    {
        const string Key = "tables";
        const string Example = "OverriddenNodes, Nodes";
        RouteTable[] known = [RouteTable.OverriddenNodes, RouteTable.Nodes];
        if (keys.List(Key) is not { } texts)
            return [.. known];
        List<RouteTable> tables = [];
        foreach (string text in texts)
        {
            int index = Array.FindIndex(
                known,
                table => string.Equals(table.ToString(), text, StringComparison.OrdinalIgnoreCase)
            );
            if (index < 0)
                keys.Wrong(Key, text, "is none of OverriddenNodes, Nodes", Example);
            else if (tables.Contains(known[index]))
                keys.Wrong(Key, text, "is given again", Example);
            else
                tables.Add(known[index]);
        }

        if (texts.Count == 0)
            keys.Wrong(Key, "", "names no table", Example);
        return tables;
    }
}
