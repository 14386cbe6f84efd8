using System.Buffers.Binary;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session.Wireshark;

/// <summary>The Wireshark dissector (docs/wireshark) in tshark: what it shows of frames.</summary>
[TestFixture]
public sealed class DissectorTests : TsharkFixture
{
    private const uint Index = 0x11223344;

    private static readonly string[] s_malformed =
    [
        .. Tshark.Failures,
        "fastforward.malformed.element",
        "fastforward.malformed.frame",
    ];

    [Test]
    public void Every_frame_and_element_type_and_every_reason_has_its_name_and_there_are_no_others()
    {
        List<string[]> values = [.. Tshark.Report("values").Where(static columns => columns[0] == "V")];
        Assert.That(Names("fastforward.type"), Is.EquivalentTo(Constants<FrameType>()));
        Assert.That(Names("fastforward.element.type"), Is.EquivalentTo(Constants<ElementType>()));
        Assert.That(Names("fastforward.close.reason"), Is.EquivalentTo(Words<CloseReason>()));
        Assert.That(Names("fastforward.reject.reason"), Is.EquivalentTo(Words<RejectReason>()));

        IEnumerable<(int, string)> Names(string field) =>
            values.Where(columns => columns[1] == field).Select(static columns => (int.Parse(columns[2]), columns[3]));
        static IEnumerable<(int, string)> Constants<T>()
            where T : struct, Enum => Words<T>().Select(static word => (word.Item1, Constant(word.Item2)));
        static string Constant(string words) => words.ToUpperInvariant().Replace(' ', '_');
    }

    [Test]
    public void Every_flag_of_a_message_has_its_field()
    {
        IEnumerable<(string, int)> flags = Tshark
            .Report("fields")
            .Where(static columns => columns[2].StartsWith("fastforward.message.", StringComparison.Ordinal))
            .Select(static columns => (columns[2]["fastforward.message.".Length..], Convert.ToInt32(columns[6], 16)))
            .Where(static flag => flag.Item2 != 0);
        Assert.That(
            flags,
            Is.EquivalentTo(
                Words<MessageBits>()
                    .Where(static flag => flag.Item1 != 0)
                    .Select(static flag => (flag.Item2.Replace(' ', '_'), flag.Item1))
            )
        );
    }

    [Test]
    public void Golden_frames_are_shown_with_every_field_and_its_value()
    {
        Dictionary<string, string> lines = GoldenFrames
            .Read("version1.fields.txt")
            .ToDictionary(static line => line.Name, static line => line.Text);
        string[] fields =
        [
            .. Tshark
                .Report("fields")
                .Where(static columns => columns[0] == "F" && columns[3] != "FT_NONE")
                .Select(static columns => columns[2]),
        ];
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            static capture =>
            {
                foreach (byte[] frame in GoldenFrames.Version1.Values)
                    capture.Add(frame);
            },
            [.. fields, .. s_malformed]
        );
        Assert.That(packets, Has.Count.EqualTo(GoldenFrames.Version1.Count));
        HashSet<string> shown = [];
        Assert.Multiple(() =>
        {
            foreach ((Dictionary<string, string[]> packet, string name) in packets.Zip(GoldenFrames.Version1.Keys))
            {
                bool isData = name != "sealed" && GoldenFrames.Version1[name][1] == (byte)FrameType.Data;
                string expected = isData ? $"{lines["data"]} {lines[name]}" : lines[name];
                string[] actual =
                [
                    .. packet
                        .Where(static field => field.Value.Length > 0)
                        .Select(static field => (Name: Short(field.Key), Value: string.Join('|', field.Value)))
                        .Select(static field => $"{field.Name}={Number(field.Value)}"),
                ];
                Assert.That(actual, Is.EquivalentTo(expected.Split(' ')), name);
                shown.UnionWith(actual.Select(static field => field.Split('=')[0]));
            }
        });
        Assert.That(
            fields.Select(Short).Except(shown),
            Is.EquivalentTo(new[] { "element.content", "element.further", "further" }),
            "fields that no golden frame has"
        );

        static string Short(string field) => field.Replace("fastforward.", "", StringComparison.Ordinal);
        // Later versions of tshark write True and False.
        static string Number(string value) => value.Replace("True", "1").Replace("False", "0");
    }

    [Test]
    public void Frames_on_any_port_are_recognized_and_other_datagrams_are_not([Values(1, 2, 3)] int seed)
    {
        Random random = new(seed);
        List<bool> isFrame = [];
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            capture =>
            {
                foreach (byte[] golden in GoldenFrames.Version1.Values)
                {
                    // Another port each time: the dissector also remembers those of the frames it has seen.
                    Add(golden, true);
                    Add([.. golden.Select((value, at) => at == 0 ? (byte)2 : value)], false);
                    Add([.. golden.Select((value, at) => at == 3 ? (byte)1 : value)], false);
                    byte[] noise = new byte[random.Next(1, 200)];
                    random.NextBytes(noise);
                    Add(noise, false);
                    noise[0] = 1;
                    Add(noise, false);
                }

                void Add(byte[] frame, bool isOne)
                {
                    capture.Add(frame, port: 50_000 + isFrame.Count);
                    isFrame.Add(isOne);
                }
            },
            ["fastforward.receiver_index"]
        );
        Assert.That(
            packets.Select(static packet => packet["fastforward.receiver_index"].Length > 0),
            Is.EqualTo(isFrame),
            $"seed {seed}"
        );
    }

    [Test]
    public void The_preference_says_at_which_ports_also_malformed_frames_are_shown()
    {
        byte[] malformed = [.. GoldenFrames.Version1["credit"].AsSpan(0, 25)];
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            capture =>
            {
                capture.Add(malformed, port: 41_000);
                capture.Add(malformed, port: 41_005);
                capture.Add(malformed, port: CaptureFile.DefaultPort);
            },
            ["fastforward.malformed.element"],
            script: null,
            "-o",
            "fastforward.ports:41000,41003-41010"
        );
        Assert.That(
            packets.Select(static packet => packet["fastforward.malformed.element"].Length),
            Is.EqualTo(new[] { 1, 1, 0 })
        );
    }

    [Test]
    public void Frames_that_left_together_are_shown_one_by_one()
    {
        byte[] size = new byte[600];
        FrameWriter writer = new(size);
        writer.WriteProbe(1u << 30);
        writer.WritePadding();
        writer.WriteHeader(Index, 7, 0);
        byte[] next = [.. GoldenFrames.Version1["several-elements"]];
        BinaryPrimitives.WriteUInt64LittleEndian(next.AsSpan(8), 8);
        byte[] confirm = GoldenFrames.Version1["confirm"];

        Dictionary<string, string[]> packet = Tshark
            .Read(
                capture => capture.Add([.. confirm, .. size, .. next]),
                ["fastforward.type", "fastforward.packet_number", "fastforward.element.type", "_ws.expert.message"]
            )
            .Single();
        Assert.That(packet["fastforward.type"], Is.EqualTo(new[] { "3", "4", "4" }));
        Assert.That(packet["fastforward.packet_number"], Is.EqualTo(new[] { "7", "8" }));
        Assert.That(packet["fastforward.element.type"], Is.EqualTo(new[] { "4", "0", "5", "3", "1" }));
        Assert.That(packet["_ws.expert.message"], Is.Empty);
    }

    [Test]
    public void A_capture_with_a_part_of_each_frame_is_no_malformed_frame()
    {
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            static capture =>
            {
                foreach (byte[] frame in GoldenFrames.Version1.Values)
                {
                    for (int bytes = 0; bytes < frame.Length; bytes++)
                        capture.Add(frame, captured: bytes);
                }
            },
            [.. s_malformed, "fastforward.cut"]
        );
        Assert.That(packets, Has.Count.EqualTo(GoldenFrames.Version1.Values.Sum(static frame => frame.Length)));
        foreach (Dictionary<string, string[]> packet in packets)
        {
            foreach (string field in s_malformed)
                Assert.That(packet[field], Is.Empty, field);
        }

        // Where nothing of the frame was captured, there is no dissector.
        Assert.That(
            packets.Count(static packet => packet["fastforward.cut"].Length == 1),
            Is.EqualTo(packets.Count - GoldenFrames.Version1.Count)
        );
    }

    [Test]
    public void The_filters_in_the_documentation_are_valid()
    {
        string[] filters =
        [
            .. File.ReadLines(Path.Combine(SourceTree.Root, "docs", "operations.md"))
                .SkipWhile(static line => line != "## Captures")
                .Skip(1)
                .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal))
                .Where(static line => line.EndsWith("` |", StringComparison.Ordinal))
                .Select(static line => $"({line.Split('`')[1]})"),
        ];
        Assert.That(filters, Has.Length.EqualTo(6));
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            static capture =>
            {
                foreach (byte[] frame in GoldenFrames.Version1.Values)
                    capture.Add(frame);
            },
            ["fastforward.type"],
            script: null,
            "-Y",
            string.Join(" or ", filters)
        );
        // REJECT is one of the filters. All others of the other node do not match, nor does a COOKIE, which names none.
        int others = GoldenFrames.Version1.Keys.Count(static name =>
            name is "response-key" or "response-renewal" or "cookie"
        );
        Assert.That(packets, Has.Count.EqualTo(GoldenFrames.Version1.Count - others));
    }

    [Test]
    public void A_failure_of_the_dissector_is_visible_to_these_tests()
    {
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            static capture => capture.Add(GoldenFrames.Version1["probe"]),
            Tshark.Failures,
            Tshark.Changed("local id = v[\"probe.id\"]", "local id = v.nothing + 1")
        );
        Assert.That(packets.Single()["_ws.lua.error"], Is.Not.Empty);
    }

    // WrongNode is "wrong node".
    private static IEnumerable<(int, string)> Words<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>()
            .Select(static value =>
                (
                    Convert.ToInt32(value),
                    string.Concat(
                            value.ToString().Select(static letter => char.IsUpper(letter) ? $" {letter}" : $"{letter}")
                        )
                        .TrimStart()
                        .ToLowerInvariant()
                )
            );
}
