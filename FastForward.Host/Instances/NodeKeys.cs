using System.Globalization;
using FastForward.Host.Control;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Sockets;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Host.Instances;

/// <summary>Reads the keys of the node itself that are more than a number or a word.</summary>
internal static class NodeKeys
{
    public static List<TransportKind> ReadTransports(SectionReader top)
    {
        if (top.List("transports") is not { } names)
            return [TransportKind.Ip, TransportKind.Socket, TransportKind.VSocket, TransportKind.Rdma];
        List<TransportKind> kinds = [];
        foreach (string name in names)
        {
            if (!TransportTypeMap.Default.TryParse(name, out TransportKind kind))
                top.Wrong("transports", name, "is no transport type", "ip, socket, vsocket");
            else if (!kinds.Contains(kind))
                kinds.Add(kind);
        }

        if (names.Count == 0)
            top.Wrong("transports", "", "names no transport", "ip, socket, vsocket");
        return kinds;
    }

    // One socket has all addresses of a family, or one: 0.0.0.0 and ::, or single ones.
    public static List<ZonedAddress> ReadAddresses(SectionReader top)
    {
        const string Key = "addresses";
        const string Example = "10.0.0.5, 10.1.0.5";
        List<ZonedAddress> addresses = [];
        foreach (string text in top.List(Key) ?? [])
        {
            if (!ZonedAddress.TryParse(text, out ZonedAddress? address, out string? problem))
                top.Wrong(Key, text, problem, Example);
            else if (addresses.Contains(address))
                top.Wrong(Key, text, "is given again", Example);
            else if (addresses.Exists(other => IsBesideAll(address, other)))
                top.Wrong(
                    Key,
                    text,
                    "and another address of its family cannot be used together, since one of them stands for all",
                    Example
                );
            else if (addresses.Count == IpTransportOptions.MostAddresses)
                top.Wrong(Key, text, $"is one too many; there may be {IpTransportOptions.MostAddresses}", Example);
            else
                addresses.Add(address);
        }

        return addresses;

        static bool IsBesideAll(ZonedAddress one, ZonedAddress other) =>
            one.Address.AddressFamily == other.Address.AddressFamily
            && (ServiceLoop.IsWildcard(one.Address) || ServiceLoop.IsWildcard(other.Address));
    }

    public static List<ZonedAddress> ReadOnePerFamily(SectionReader top, string key)
    {
        List<ZonedAddress> addresses = [];
        foreach (string text in top.List(key) ?? [])
        {
            if (!ZonedAddress.TryParse(text, out ZonedAddress? address, out string? problem))
                top.Wrong(key, text, problem, "127.0.0.1, ::1");
            else if (addresses.Exists(other => other.Address.AddressFamily == address.Address.AddressFamily))
                top.Wrong(
                    key,
                    text,
                    "is the second of its family; there is one for IPv4 and one for IPv6",
                    "127.0.0.1, ::1"
                );
            else
                addresses.Add(address);
        }

        return addresses;
    }

    // By default in the directory of the node's own socket; its file name is longer.
    public static string ReadControlDirectory(SectionReader top, uint network, RouteOptions routes)
    {
        string directory = ReadDirectory(top, "control-directory", routes.SocketDirectory);
        if (!UnixListener.Fits(ControlPath.Of(directory, network)))
            top.Wrong("control-directory", directory, "is too long for the address of a socket", "/tmp");
        return directory;
    }

    public static string ReadDirectory(SectionReader top, string key, string absent)
    {
        if (top.Text(key) is not { } directory)
            return absent;
        if (!Path.IsPathRooted(directory))
            top.Wrong(key, directory, "is no absolute path", "/tmp");
        else if (LibraryRefuses(directory))
            top.Wrong(key, directory, "is too long or too odd for the address of a socket", "/tmp");
        else
        {
            // A command that asks the running host looks where the file says, and nowhere else.
            if (!Directory.Exists(directory))
                top.Wrong(key, directory, "is no directory on this machine", "/tmp");
            return directory;
        }

        return absent;
    }

    private static bool LibraryRefuses(string socketDirectory)
    {
        try
        {
            new OverrideResolver([], new RouteOptions { SocketDirectory = socketDirectory }).Dispose();
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    public static ImpairmentOptions? ReadImpairment(SectionReader top)
    {
        if (top.Text("impair") is not { } text)
            return null;
        if (!ImpairmentOptions.TryParse(text, out ImpairmentOptions? impairment, out string? problem))
            top.Wrong("impair", text, $"is no impairment: {problem}", "bad-wan, seed=7");
        return impairment;
    }

    public static UnixFileMode? ReadSocketMode(SectionReader top)
    {
        if (top.Text("socket-mode") is not { } text)
            return null;
        if (
            text.Length is 3 or 4
            && !text.AsSpan().ContainsAnyExceptInRange('0', '7')
            && Convert.ToInt32(text, 8) <= 0x1FF
        )
            return (UnixFileMode)Convert.ToInt32(text, 8);
        top.Wrong("socket-mode", text, "is no set of permissions in octal", "0660");
        return null;
    }

    public static string? ReadSocketGroup(SectionReader top)
    {
        string? group = top.Text("socket-group");
        if (group?.Length == 0)
            top.Wrong("socket-group", group, "names no group", "brandmeister");
        return group;
    }

    // Its content is for the node alone, and not checked here: see InstanceReading.ReadKeys.
    public static string? ReadKeyFile(SectionReader top, string? credentials)
    {
        const string Example = "/etc/fastforward/keys";
        string? file = top.Text("key-file");
        if (file?.Length == 0)
            top.Wrong("key-file", file, "names no file", Example);
        else if (file is not null && !Path.IsPathRooted(file) && string.IsNullOrEmpty(credentials))
            top.Wrong("key-file", file, "is no absolute path, and there is no $CREDENTIALS_DIRECTORY", Example);
        return file;
    }

    public static List<uint>? ReadAllowedUsers(SectionReader top)
    {
        if (top.List("allowed-users") is not { } texts)
            return null;
        List<uint> users = [];
        foreach (string text in texts)
        {
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint user))
                users.Add(user);
            else
                top.Wrong("allowed-users", text, "is no user id", "0, 1001");
        }

        if (texts.Count == 0)
            top.Wrong("allowed-users", "", "allows no one", "0, 1001");
        return users;
    }

    public static List<uint>? ReadRequireKey(SectionReader top, out bool fromAll)
    {
        const string Key = "require-key";
        fromAll = false;
        if (top.List(Key) is not { } texts)
            return null;
        if (texts is ["all"])
        {
            fromAll = true;
            return null;
        }

        List<uint> nodes = [];
        foreach (string text in texts)
        {
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint node) && node != 0)
                nodes.Add(node);
            else
                top.Wrong(Key, text, "is neither a node id nor all", "250012, 250013");
        }

        if (texts.Count == 0)
            top.Wrong(Key, "", "names no node", "all");
        return nodes;
    }

    public static Dictionary<uint, uint>? ReadNodeUsers(SectionReader top, List<uint>? allowed)
    {
        const string Example = "250012:1001, 250013:1002";
        if (top.List("node-users") is not { } texts)
            return null;
        Dictionary<uint, uint> users = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split(':', StringSplitOptions.TrimEntries);
            if (
                parts.Length != 2
                || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint node)
                || !uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint user)
                || node == 0
            )
                top.Wrong("node-users", text, "is no node id with a user id", Example);
            else if (allowed?.Contains(user) == false)
                top.Wrong("node-users", text, $"binds to user {user}, who is none of allowed-users", Example);
            else if (!users.TryAdd(node, user))
                top.Wrong("node-users", text, $"binds node {node} again", Example);
        }

        return users;
    }
}
