using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry;

/// <summary>From tuples of a registry to rows, whatever an operator has typed.</summary>
internal sealed class RegistryRecordTests
{
    private const string Override =
        "; a right one is box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })";
    private const string Node = "; a right one is box.space.Nodes:replace({ 250012, 7, '192.0.2.12', 54012 })";

    private static IEnumerable<TestCaseData<TarantoolTuple, RouteRow>> Good =>
        [
            new([250012, 0, 2, "", 54012], new RouteRow(250012, 0, TransportKind.Socket, "", 54012)),
            new([250012, 7, 0, "h", 1], new RouteRow(250012, 7, TransportKind.Ip, "h", 1)),
            new([1, uint.MaxValue, 1, "::1", 65535], new RouteRow(1, uint.MaxValue, TransportKind.Rdma, "::1", 65535)),
            new([1, 0, 2, TarantoolValue.Nil, 9], new RouteRow(1, 0, TransportKind.Socket, "", 9)),
            new([1, 0, 3, 42, 9], new RouteRow(1, 0, TransportKind.VSocket, "42", 9)),
            new([1, 0, 3, "42", 9, "a field of a later version"], new RouteRow(1, 0, TransportKind.VSocket, "42", 9)),
        ];

    private static IEnumerable<TestCaseData<TarantoolTuple, string>> Bad =>
        [
            new([], "node id (field 1) is missing"),
            new([1], "key id (field 2) is missing"),
            new([1, 0], "transport type (field 3) is missing"),
            new([1, 0, 2], "address (field 4) is missing"),
            new([1, 0, 2, ""], "port (field 5) is missing"),
            new(["1", 0, 2, "", 9], "node id (field 1) is \"1\", which is no number from 0 to 4294967295"),
            new([-1, 0, 2, "", 9], "node id (field 1) is -1, which is no number from 0 to 4294967295"),
            new([1, 1L << 32, 2, "", 9], "key id (field 2) is 4294967296, which is no number from 0 to 4294967295"),
            new(
                [1, 0, TarantoolValue.Nil, "", 9],
                "transport type (field 3) is nil: a FORWARD_TRANSPORT_* name that does not exist is nil in Lua"
            ),
            new(
                [1, 0, 4, "", 9],
                "transport type (field 3) is 4, which is none of FORWARD_TRANSPORT_IP, FORWARD_TRANSPORT_RDMA, "
                    + "FORWARD_TRANSPORT_SOCKET, FORWARD_TRANSPORT_VSOCKET"
            ),
            new([1, 0, 2, true, 9], "address (field 4) is true, which is neither a text, a number nor nil"),
            new([1, 0, 2, "", 0], "port (field 5) is 0, which is none of 1 to 65535"),
            new([1, 0, 2, "", 65536], "port (field 5) is 65536, which is none of 1 to 65535"),
            new([1, 0, 2, "", uint.MaxValue], "port (field 5) is 4294967295, which is none of 1 to 65535"),
        ];

    [TestCaseSource(nameof(Good))]
    public void A_good_tuple_is_a_row(TarantoolTuple tuple, RouteRow row)
    {
        RegistryRecord record = RegistryRecord.Read(tuple, RouteTable.OverriddenNodes, TransportTypeMap.Default);
        Assert.That(record.Problem, Is.Null);
        Assert.That(record.Row, Is.EqualTo(row));
        Assert.That(record.Node, Is.EqualTo(row.Node));
    }

    [TestCaseSource(nameof(Bad))]
    public void A_bad_tuple_says_which_field_is_wrong_and_what_is_right(TarantoolTuple tuple, string problem)
    {
        RegistryRecord record = RegistryRecord.Read(tuple, RouteTable.OverriddenNodes, TransportTypeMap.Default);
        Assert.That(record.Problem, Is.EqualTo(problem + Override));
    }

    [Test]
    public void A_node_has_no_transport_type()
    {
        RegistryRecord good = RegistryRecord.Read([5, 7, "192.0.2.5", 9], RouteTable.Nodes, TransportTypeMap.Default);
        Assert.That(good.Row, Is.EqualTo(new RouteRow(5, 7, TransportKind.Ip, "192.0.2.5", 9)));
        RegistryRecord bad = RegistryRecord.Read([5, 7, "192.0.2.5", 0], RouteTable.Nodes, TransportTypeMap.Default);
        Assert.That(bad.Problem, Is.EqualTo("port (field 4) is 0, which is none of 1 to 65535" + Node));
        Assert.That(bad.Node, Is.EqualTo(5), "it is known whose row is bad");
    }

    [Test]
    public void A_tuple_is_shown_in_one_line_of_bounded_length()
    {
        TarantoolTuple tuple = [1, "a\nb", new string('x', 1000), TarantoolValue.Nil, 5, 6, 7, 8, 9, 10];
        string text = RegistryRecord.Read(tuple, RouteTable.Nodes, TransportTypeMap.Default).Describe();
        Assert.That(text, Does.StartWith("{ 1, \"a\\u000ab\", \"xxx").And.EndsWith(", nil, 5, 6, 7, 8, ... }"));
        Assert.That(text, Has.Length.LessThan(200).And.Not.Contains('\n'));
    }
}
