using FastForward.Host.Instances;

namespace FastForward.Tests.Host;

/// <summary>A local UDP address that an instance file uses twice.</summary>
public sealed class UdpPlacesTests
{
    [TestCase("127.0.0.1:53", "127.0.0.1:53")]
    [TestCase("0.0.0.0:53", "127.0.0.1:53")]
    [TestCase("127.0.0.1:53", "0.0.0.0:53")]
    [TestCase("[::]:53", "127.0.0.1:53")]
    [TestCase("127.0.0.1:53", "[::]:53")]
    [TestCase("[::1]:53", "[::]:53")]
    [TestCase("127.0.0.1:53", "[::ffff:127.0.0.1]:53")]
    [TestCase("[fe80::7%eth0]:53", "[fe80::7%eth0]:53")]
    public void Two_bridges_at_one_address_are_a_problem_with_both_lines(string first, string second)
    {
        InstanceReading reading = InstanceReader.Read("f.conf", $"network=25011\n{Bridges(first, second)}");
        Assert.That(
            reading.Problems.Single().ToString(),
            Does.StartWith("f.conf:7: bridge b:listen: ").And.Contain("is taken by [bridge a] in line 3: ")
        );
    }

    [TestCase("127.0.0.1:53", "127.0.0.2:53")]
    [TestCase("127.0.0.1:53", "127.0.0.1:54")]
    [TestCase("127.0.0.1:53", "[::1]:53")]
    [TestCase("0.0.0.0:53", "[::1]:53")]
    [TestCase("[fe80::7%eth0]:53", "[fe80::7%eth1]:53")]
    public void Two_addresses_are_none(string first, string second)
    {
        InstanceReading reading = InstanceReader.Read("f.conf", $"network=25011\n{Bridges(first, second)}");
        Assert.That(reading.Problems, Is.Empty);
    }

    [TestCase("port=54011", "127.0.0.1:54011", "the node in line 2 (port)")]
    [TestCase("# all", "[::1]:54000", "the node (port is 54000 by default)")]
    [TestCase("addresses=127.0.0.1", "[::]:54000", "the node (port is 54000 by default)")]
    public void So_is_a_bridge_at_the_port_of_the_node(string key, string listen, string owner)
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            $"network=25011\n{key}\n{Bridges(listen, "127.0.0.1:1")}"
        );
        Assert.That(
            reading.Problems.Single().ToString(),
            Does.StartWith("f.conf:4: bridge a:listen: ").And.Contain($"is taken by {owner}: ")
        );
    }

    [TestCase("addresses=127.0.0.1", "127.0.0.2:54000")]
    [TestCase("addresses=::", "127.0.0.1:54000")]
    [TestCase("transports=socket", "127.0.0.1:54000")]
    public void Where_the_node_has_no_socket_a_bridge_may_be(string key, string listen)
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            $"network=25011\n{key}\n{Bridges(listen, "127.0.0.1:1")}"
        );
        Assert.That(reading.Problems, Is.Empty);
    }

    [Test]
    public void What_stands_for_a_wrong_port_is_not_compared()
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            $"network=25011\nport=x\n{Bridges("127.0.0.1:54000", "127.0.0.1:1")}"
        );
        Assert.That(reading.Problems.Single().Key, Is.EqualTo("port"));
    }

    private static string Bridges(string first, string second) =>
        $"[bridge a]\nlisten={first}\nnode=25011\nservice=1\n[bridge b]\nlisten={second}\nnode=25011\nservice=2\n";
}
