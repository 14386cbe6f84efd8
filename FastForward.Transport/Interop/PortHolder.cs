using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// Finds which process has a UDP port: the socket in <c>/proc/net/udp</c> (proc(5)), and the process that has it among
/// its descriptors, where this user may look at them.
/// </summary>
internal static class PortHolder
{
    private const string Connected = "01"; // TCP_ESTABLISHED of linux/tcp_states.h
    private const string Tables = "/proc/thread-self/net/"; // of this thread's network namespace

    /// <summary>A clause for a message: which process, or which user, has the port.</summary>
    public static string Describe(IPEndPoint local)
    {
        foreach ((string table, bool v6) in new[] { ("udp", false), ("udp6", true) })
        {
            foreach (string line in Lines(Tables + table))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && Read(fields[1], v6) is { } held && Collide(held, local))
                    return $"{FindProcess(fields[9]) ?? $"a process of user {fields[7]}"} has the port"
                        + (IsEphemeral(local.Port) ? Reserve(local.Port, fields[3] == Connected) : "");
            }
        }

        return "another process has the port";
    }

    // A socket that another program bound and one that the kernel gave the port look the same until it connects.
    private static string Reserve(int port, bool isConnected) =>
        (
            isConnected
                ? ", which the kernel gives to outgoing sockets: "
                : "; unless it was set to that port, the kernel gave it the port for an outgoing socket: in that case "
        ) + $"add {port} to the sysctl net.ipv4.ip_local_reserved_ports, so that no other socket gets it";

    private static bool Collide(IPEndPoint held, IPEndPoint local)
    {
        if (held.Port != local.Port)
            return false;
        if (held.AddressFamily == local.AddressFamily)
            return IpAddresses.IsAny(held.Address)
                || IpAddresses.IsAny(local.Address)
                || held.Address.Equals(local.Address);
        return (held.AddressFamily == AddressFamily.InterNetworkV6 ? held : local).Address.Equals(IPAddress.IPv6Any);
    }

    // The kernel prints the 32-bit words of the address as numbers of this machine: "0100007F:14B4".
    private static IPEndPoint? Read(string text, bool v6)
    {
        string[] parts = text.Split(':');
        int words = v6 ? 4 : 1;
        if (parts.Length != 2 || parts[0].Length != words * 8 || !TryParse(parts[1], out uint port))
            return null;
        Span<uint> address = stackalloc uint[words];
        for (int i = 0; i < words; i++)
        {
            if (!TryParse(parts[0].AsSpan(i * 8, 8), out address[i]))
                return null;
        }

        return new IPEndPoint(new IPAddress(MemoryMarshal.AsBytes(address)), (int)port);
    }

    private static bool TryParse(ReadOnlySpan<char> text, out uint number) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);

    private static string? FindProcess(string inode)
    {
        string socket = $"socket:[{inode}]";
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                continue;
            try
            {
                bool holds = Directory
                    .EnumerateFiles($"{process}/fd")
                    .Any(file => new FileInfo(file).LinkTarget == socket);
                if (holds)
                    return id == Environment.ProcessId
                        ? "this process"
                        : $"process {id} ({File.ReadAllText($"{process}/comm").Trim()})";
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It has ended, or belongs to another user.
            }
        }

        return null;
    }

    private static bool IsEphemeral(int port)
    {
        string[] lines = Lines("/proc/sys/net/ipv4/ip_local_port_range");
        string[] range = lines.Length == 0 ? [] : lines[0].Split('\t');
        return range.Length == 2
            && int.TryParse(range[0], CultureInfo.InvariantCulture, out int first)
            && int.TryParse(range[1], CultureInfo.InvariantCulture, out int last)
            && port >= first
            && port <= last;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
