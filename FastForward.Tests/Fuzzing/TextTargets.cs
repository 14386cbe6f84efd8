using System.Net;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;
using static FastForward.Tests.Fuzzing.FuzzTargets;

namespace FastForward.Tests.Fuzzing;

/// <summary>What operators write: rows of routes, addresses, instance files.</summary>
internal static class TextTargets
{
    private const string Instance = """
        # a node with everything
        network = 25011
        port = 54011
        transports = socket, FORWARD_TRANSPORT_IP
        addresses = 127.0.0.1, ::1
        socket-directory = /tmp
        control-directory = /run
        socket-mode = 0600
        allowed-users = 0, 1001
        node-users = 250012:1001, 250013 : 0
        vsocket-type = stream
        vsocket-to-host = yes
        idle = busyspin
        redundancy = always
        probe-interval = 200
        allow-unkeyed-network = no
        realtime-dscp = ef
        impair = bad-wan, loss=1%, seed=7
        log-level = debug

        [OverriddenNodes]
        250013 = 0, FORWARD_TRANSPORT_SOCKET, , 54013
        [Nodes]
        250012 = 0, FORWARD_TRANSPORT_IP, 127.0.0.1, 54012
        250014 = 0, FORWARD_TRANSPORT_VSOCKET, 3, 54014

        [bridge dns]
        listen = 127.0.0.1:5300
        node = 250012
        service = 1
        class = reliable
        idle-seconds = 60
        max-clients = 10

        [outlet dns]
        target = [::1]:53
        service = 1
        """;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new(
            "instance",
            [Bytes(Instance), Bytes("network=25011"), Bytes(Instance.ReplaceLineEndings("\r\n"))],
            ReadInstance,
            Words("[Nodes]\n", "[bridge a]\n", " = ", ", ", "#", ";", "4294967296", "-1", "\0", "\r", "\u202e", "%eth0")
        ),
        new(
            "row",
            [
                Bytes("0|54000|127.0.0.1"),
                Bytes("0|54000|2001:db8::7"),
                Bytes("0|54000|fe80::7%eth0"),
                Bytes("0|1|node7.example.net"),
                Bytes("1|4791|0xfe80000000000000506b4b0300f2a4d1"),
                Bytes("2|54000|"),
                Bytes("2|54000|/run/fastforward/a.sock"),
                Bytes("2|54000|@name"),
                Bytes("3|54000|3"),
            ],
            ReadRow,
            Words("::", "%", ".", "/", "@", "0x", "..", "255", "256", "\0", "é", "[", "]")
        ),
        new(
            "end-point",
            [Bytes("192.0.2.7:53"), Bytes("[::1]:53"), Bytes("[fe80::7%eth0]:65535")],
            ReadEndPoint,
            Words("::", "%", "[", "]", ":", "0", "65536")
        ),
        new(
            "impairment",
            [
                Bytes("typical"),
                Bytes("bad-wan, loss=1%, seed=7"),
                Bytes(
                    "loss=2%, burst=2.5, delay=30ms, jitter=75ms, duplicate=0.5%, reorder=3%, outage=20ms/2s, queue=9"
                ),
            ],
            ReadImpairment,
            Words("loss=", "%", "us", "ms", "s", "/", ",", "=", "1e9", "-", "NaN", "Infinity", "0.0001")
        ),
    ];

    private static byte[][] Words(params string[] words) => [.. words.Select(Bytes)];

    private static bool ReadInstance(byte[] input)
    {
        string text = Text(input);
        InstanceReading reading = InstanceReader.Read("a.ini", text);
        FuzzTarget.Require(reading.Settings is null == reading.Problems.Count > 0, "settings or problems, never both");
        int lines = text.Count(static character => character is '\n' or '\r') + 1;
        foreach (InstanceProblem problem in reading.Problems)
        {
            FuzzTarget.Require(problem.Line >= 0 && problem.Line <= lines, $"the line exists: {problem}");
            FuzzTarget.Require(problem.Reason.Length > 0, $"a problem has a reason: {problem}");
            FuzzTarget.Require(!problem.ToString().Any(char.IsControl), $"a problem is one line: {problem}");
        }

        return reading.Settings is not null;
    }

    private static bool ReadRow(byte[] input)
    {
        string[] fields = Text(input).Split('|', 3);
        if (fields.Length < 3 || !int.TryParse(fields[0], out int kind) || !int.TryParse(fields[1], out int port))
            return false;
        RouteRow row = new(7, 0, (TransportKind)kind, fields[2], port);
        bool isValid = RouteAddress.TryParse(row, "/tmp", out EndPoint? endPoint, out string? problem);
        FuzzTarget.Require(isValid == endPoint is not null, "an end point where the row is valid");
        FuzzTarget.Require(isValid == problem is null, "a problem where it is not");
        if (endPoint is IPEndPoint ip)
        {
            FuzzTarget.Require(
                IpAddressText.TryParse($"{ip.Address}", port, out EndPoint? same, out _),
                "it is read again"
            );
            FuzzTarget.Require(ip.Equals(same), $"{ip} becomes {same}");
        }

        if (endPoint is not null)
            RouteAddress.NeedsKey(endPoint);
        return isValid;
    }

    private static bool ReadEndPoint(byte[] input)
    {
        if (!ZonedEndPoint.TryParse(Text(input), out ZonedEndPoint? endPoint, out string? problem))
        {
            FuzzTarget.Require(problem.Length > 0, "a problem has a text");
            return false;
        }

        FuzzTarget.Require(
            ZonedEndPoint.TryParse($"{endPoint}", out ZonedEndPoint? same, out _),
            $"{endPoint} is read"
        );
        FuzzTarget.Require(endPoint.Equals(same), $"{endPoint} becomes {same}");
        return true;
    }

    private static bool ReadImpairment(byte[] input)
    {
        if (!ImpairmentOptions.TryParse(Text(input), out ImpairmentOptions? options, out string? problem))
        {
            FuzzTarget.Require(problem!.Length > 0, "a problem has a text");
            return false;
        }

        string written = ImpairmentText.Of(options!);
        FuzzTarget.Require(
            ImpairmentOptions.TryParse(written, out ImpairmentOptions? same, out _),
            $"{written} is read"
        );
        FuzzTarget.Require(same == options, $"'{Text(input)}' is written as {written}, which is something else");
        return true;
    }
}
