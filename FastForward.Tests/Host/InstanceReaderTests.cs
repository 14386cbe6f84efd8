using System.Net;
using System.Net.Sockets;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests.Host;

public sealed class InstanceReaderTests
{
    [Test]
    public void One_line_is_a_valid_instance()
    {
        InstanceSettings settings = Good("network=25011");
        Assert.That(settings.Network, Is.EqualTo(25011u));
        Assert.That(settings.Port, Is.EqualTo(54000));
        Assert.That(
            settings.Transports,
            Is.EqualTo(new[] { TransportKind.Ip, TransportKind.Socket, TransportKind.VSocket, TransportKind.Rdma })
        );
        Assert.That(settings.Addresses, Is.Empty);
        Assert.That(settings.SocketDirectory, Is.EqualTo("/tmp"));
        Assert.That(settings.Idle, Is.EqualTo(IdleStrategy.Adaptive));
        Assert.That(
            (settings.VSocketType, settings.VSocketToHost, settings.VSocketFallback, settings.MaxPaths),
            Is.EqualTo((VSocketType.Auto, false, false, 4))
        );
        Assert.That(settings.AllowUnkeyedNetwork, Is.False);
        Assert.That(settings.RequireKey, Is.Null);
        Assert.That((settings.RequireKeyFromAll, settings.SealLocal), Is.EqualTo((false, false)));
        Assert.That(settings.MarkRealTime, Is.False);
        Assert.That(settings.SegmentationOffload, Is.True);
        Assert.That(settings.Impairment, Is.Null);
        Assert.That(settings.LogLevel, Is.EqualTo(LogLevel.Information));
        Assert.That(settings.OverriddenNodes, Is.Empty);
        Assert.That(settings.Nodes, Is.Empty);
        Assert.That(settings.Bridges, Is.Empty);
        Assert.That(settings.Outlets, Is.Empty);
    }

    [Test]
    public void Every_key_arrives_typed()
    {
        InstanceSettings settings = Good(
            """
            # all of them
            network = 25011
            port = 54011
            transports = socket, FORWARD_TRANSPORT_IP
            addresses = 127.0.0.1, ::1, 127.0.0.2
            socket-directory = /tmp
            control-directory = /run
            socket-mode = 0600
            socket-group = operators
            allowed-users = 0, 1001
            node-users = 250012:1001, 250013 : 0
            key-file = /etc/keys
            shared-memory = 16
            vsocket-type = stream
            vsocket-to-host = yes
            vsocket-fallback = yes
            max-paths = 16
            discover-local-peers = yes
            rdma-addresses = 10.99.0.1
            rdma-links = 30
            rdma-credits = 32
            idle = BusySpin
            probe-interval = 250
            allow-unkeyed-network = yes
            require-key = 250012, 250013
            seal-local = yes
            realtime-dscp = ef
            segmentation-offload = no
            impair = bad-wan, loss = 3%, seed=7
            log-level = warning

            [OverriddenNodes]
            250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012
            250013 = 0, IP, 2001:db8::1, 54013
            [Nodes]
            250012 = 0, FORWARD_TRANSPORT_IP, server.example, 54012
            [bridge dns]
            listen = [::1]:5300
            node = 250012
            service = 3
            class = realtime
            idle-seconds = 5
            max-clients = 10
            [outlet]
            target = 127.0.0.1:53
            service = 3
            idle-seconds = 6
            max-clients = 11
            """
        );
        Assert.That(settings.Port, Is.EqualTo(54011));
        Assert.That(settings.KeyFile, Is.EqualTo("/etc/keys"), "which is not read");
        Assert.That(settings.SharedMemory, Is.EqualTo(16));
        Assert.That(settings.Transports, Is.EqualTo(new[] { TransportKind.Socket, TransportKind.Ip }));
        Assert.That(
            settings.Addresses,
            Is.EqualTo(new ZonedAddress[] { IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("127.0.0.2") })
        );
        Assert.That(settings.SocketMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That((settings.SocketDirectory, settings.ControlDirectory), Is.EqualTo(("/tmp", "/run")));
        Assert.That(settings.SocketGroup, Is.EqualTo("operators"));
        Assert.That(settings.AllowedUsers, Is.EqualTo(new[] { 0u, 1001u }));
        Assert.That(settings.NodeUsers, Is.EquivalentTo(new Dictionary<uint, uint> { [250012] = 1001, [250013] = 0 }));
        Assert.That(
            (settings.VSocketType, settings.VSocketToHost, settings.VSocketFallback, settings.MaxPaths),
            Is.EqualTo((VSocketType.Stream, true, true, 16))
        );
        Assert.That(settings.DiscoverLocalPeers, Is.True);
        Assert.That(settings.RdmaAddresses, Is.EqualTo(new ZonedAddress[] { IPAddress.Parse("10.99.0.1") }));
        Assert.That((settings.RdmaLinks, settings.RdmaCredits), Is.EqualTo((30, 32)));
        Assert.That(settings.Idle, Is.EqualTo(IdleStrategy.BusySpin));
        Assert.That(settings.ProbeMillis, Is.EqualTo(250));
        Assert.That(settings.AllowUnkeyedNetwork, Is.True);
        Assert.That(settings.RequireKey, Is.EqualTo(new[] { 250012u, 250013u }));
        Assert.That((settings.RequireKeyFromAll, settings.SealLocal), Is.EqualTo((false, true)));
        Assert.That(settings.MarkRealTime, Is.True);
        Assert.That(settings.SegmentationOffload, Is.False);
        Assert.That(settings.Impairment, Is.EqualTo(ImpairmentOptions.BadWan with { LossPercent = 3, Seed = 7 }));
        Assert.That(settings.LogLevel, Is.EqualTo(LogLevel.Warning));
        Assert.That(
            settings.OverriddenNodes,
            Is.EqualTo(
                new[]
                {
                    new RouteRow(250012, 0, TransportKind.Socket, "", 54012),
                    new RouteRow(250013, 0, TransportKind.Ip, "2001:db8::1", 54013),
                }
            )
        );
        Assert.That(
            settings.Nodes,
            Is.EqualTo(new[] { new RouteRow(250012, 0, TransportKind.Ip, "server.example", 54012) })
        );
        Assert.That(
            settings.Bridges,
            Is.EqualTo(
                new[]
                {
                    new BridgeSettings
                    {
                        Name = "bridge dns",
                        Listen = new IPEndPoint(IPAddress.IPv6Loopback, 5300),
                        Node = 250012,
                        Service = 3,
                        Class = MessageClass.RealTime,
                        IdleSeconds = 5,
                        MaxClients = 10,
                    },
                }
            )
        );
        Assert.That(
            settings.Outlets,
            Is.EqualTo(
                new[]
                {
                    new OutletSettings
                    {
                        Name = "outlet",
                        Target = new IPEndPoint(IPAddress.Loopback, 53),
                        Service = 3,
                        IdleSeconds = 6,
                        MaxClients = 11,
                    },
                }
            )
        );
    }

    [Test]
    public void An_interface_that_is_missing_is_no_mistake_of_the_file()
    {
        InstanceSettings settings = Good(
            """
            network = 25011
            addresses = fe80::7%absent0
            [bridge]
            listen = [fe80::7%absent0]:5300
            node = 25011
            service = 1
            [outlet]
            target = [fe80::8%absent0]:53
            service = 2
            """
        );
        ZonedEndPoint listen = settings.Bridges[0].Listen;
        Assert.That(
            (listen.ToString(), settings.Outlets[0].Target.ToString(), settings.Addresses[0].ToString()),
            Is.EqualTo(("[fe80::7%absent0]:5300", "[fe80::8%absent0]:53", "fe80::7%absent0"))
        );
        SocketException? missing = Assert.Throws<SocketException>(() => listen.Resolve());
        Assert.That(missing!.Message, Is.EqualTo("this machine has no interface absent0"));
        Assert.That(
            (listen with { Address = listen.Address with { Interface = "lo" } }).Resolve().Address.ScopeId,
            Is.GreaterThan(0)
        );
    }

    [TestCase(
        "network=1\naddresses=fe80::7",
        "f.conf:2: addresses: 'fe80::7' is link-local and names no interface, as fe80::7%eth0 does; for example: "
            + "addresses = 10.0.0.5, 10.1.0.5"
    )]
    [TestCase(
        "network=1\naddresses=fe80::7%",
        "f.conf:2: addresses: 'fe80::7%' names no interface after the percent sign; for example: "
            + "addresses = 10.0.0.5, 10.1.0.5"
    )]
    [TestCase(
        "network=1\n[outlet]\nservice=1\ntarget=[2001:db8::7%lo]:53",
        "f.conf:4: outlet:target: '[2001:db8::7%lo]:53' names an interface, which only link-local addresses "
            + "(fe80::/10) have; for example: target = 127.0.0.1:53"
    )]
    [TestCase(
        "network=1\n[outlet]\nservice=1\ntarget=fe80::7%lo",
        "f.conf:4: outlet:target: 'fe80::7%lo' is no IP address with a port; for example: target = 127.0.0.1:53"
    )]
    [TestCase(
        "network=1\n[outlet]\nservice=1\ntarget=[fe80::7]:53",
        "f.conf:4: outlet:target: '[fe80::7]:53' is link-local and names no interface, as fe80::7%eth0 does; "
            + "for example: target = 127.0.0.1:53"
    )]
    [TestCase("", "f.conf: network: is missing; for example: network = 25011")]
    [TestCase(
        "network=0",
        "f.conf:1: network: '0' is no whole number from 1 to 4294967295; for example: network = 25011"
    )]
    [TestCase(
        "network=4294967296",
        "f.conf:1: network: '4294967296' is no whole number from 1 to 4294967295; for example: network = 25011"
    )]
    [TestCase(
        "network=25011\nport = 65536",
        "f.conf:2: port: '65536' is no whole number from 1 to 65535; for example: port = 54011"
    )]
    [TestCase(
        "network=25011\nport = 54011 ; main",
        "f.conf:2: port: '54011 ; main' is no whole number from 1 to 65535 (a comment needs a line of its own); "
            + "for example: port = 54011"
    )]
    [TestCase(
        "network=25011\nport =",
        "f.conf:2: port: '' is no whole number from 1 to 65535; for example: port = 54011"
    )]
    [TestCase("network=25011\nprot = 1", "f.conf:2: prot: is not known; did you mean port?")]
    [TestCase(
        "network=25011\nzzzzzzzz = 1",
        "f.conf:2: zzzzzzzz: is not known; the keys here are network, port, transports, addresses, "
            + "socket-directory, control-directory, socket-mode, socket-group, allowed-users, "
            + "node-users, key-file, shared-memory, vsocket-type, vsocket-to-host, rdma-addresses, rdma-links, "
            + "rdma-credits, vsocket-fallback, max-paths, discover-local-peers, redundancy, path-redundancy, "
            + "probe-interval, idle, allow-unkeyed-network, require-key, seal-local, realtime-dscp, "
            + "segmentation-offload, impair, peer-metrics, log-level"
    )]
    [TestCase("network=25011\nNETWORK=25012", "f.conf:2: NETWORK: the key is given again; the first one is in line 1")]
    [TestCase(
        "network=1\n[Nodes]\n2=0, FORWARD_TRANSPORT_SOCKET, , 1\n[\tNodes]\n2=0, FORWARD_TRANSPORT_SOCKET, , 1",
        "f.conf:4: Nodes: the section is given again; the first one is in line 2; "
            + "for example: put its rows under line 2"
    )]
    [TestCase(
        "network=25011\nidle = adaptiv",
        "f.conf:2: idle: 'adaptiv' is none of adaptive, busyspin, block; for example: idle = adaptive"
    )]
    [TestCase(
        "network=25011\nvsocket-type = datagram\nvsocket-to-host = yes",
        "f.conf:3: vsocket-to-host: goes with connections, not with vsocket-type = datagram; for example: "
            + "vsocket-type = auto"
    )]
    [TestCase(
        "network=25011\nallow-unkeyed-network = maybe",
        "f.conf:2: allow-unkeyed-network: 'maybe' is none of yes, no, true, false; for example: "
            + "allow-unkeyed-network = yes"
    )]
    [TestCase(
        "network=25011\nrequire-key = 0",
        "f.conf:2: require-key: '0' is neither a node id nor all; for example: require-key = 250012, 250013"
    )]
    [TestCase(
        "network=25011\nimpair = bad-wan, loss=2",
        "f.conf:2: impair: 'bad-wan, loss=2' is no impairment: loss=2 is no percentage, as in loss=2%; for "
            + "example: impair = bad-wan, seed=7"
    )]
    [TestCase(
        "network=25011\naddresses = 1",
        "f.conf:2: addresses: '1' is no IP address; for example: addresses = 10.0.0.5, 10.1.0.5"
    )]
    [TestCase(
        "network=25011\naddresses = 127.0.0.1, ::1, 0.0.0.0",
        "f.conf:2: addresses: '0.0.0.0' and another address of its family cannot be used together, since one of them "
            + "stands for all; for example: addresses = 10.0.0.5, 10.1.0.5"
    )]
    [TestCase(
        "network=25011\naddresses = 127.0.0.1, 127.0.0.1",
        "f.conf:2: addresses: '127.0.0.1' is given again; for example: addresses = 10.0.0.5, 10.1.0.5"
    )]
    [TestCase(
        "network=25011\naddresses = ::1, ::2, ::3, ::4, ::5, ::6, ::7, ::8, ::9",
        "f.conf:2: addresses: '::9' is one too many; there may be 8; for example: addresses = 10.0.0.5, 10.1.0.5"
    )]
    [TestCase(
        "network=25011\nrdma-addresses = 127.0.0.1, 127.0.0.2",
        "f.conf:2: rdma-addresses: '127.0.0.2' is the second of its family; there is one for IPv4 and one for IPv6; "
            + "for example: rdma-addresses = 127.0.0.1, ::1"
    )]
    [TestCase(
        "network=25011\nsocket-directory = tmp",
        "f.conf:2: socket-directory: 'tmp' is no absolute path; for example: socket-directory = /tmp"
    )]
    [TestCase(
        "network=25011\ncontrol-directory = tmp",
        "f.conf:2: control-directory: 'tmp' is no absolute path; for example: control-directory = /tmp"
    )]
    [TestCase(
        "network=25011\nsocket-directory = /nowhere/at/all",
        "f.conf:2: socket-directory: '/nowhere/at/all' is no directory on this machine; for example: "
            + "socket-directory = /tmp"
    )]
    [TestCase(
        "network=25011\nsocket-mode = 1660",
        "f.conf:2: socket-mode: '1660' is no set of permissions in octal; for example: socket-mode = 0660"
    )]
    [TestCase(
        "network=25011\nsocket-mode = rw",
        "f.conf:2: socket-mode: 'rw' is no set of permissions in octal; for example: socket-mode = 0660"
    )]
    [TestCase(
        "network=25011\nsocket-group =",
        "f.conf:2: socket-group: '' names no group; for example: socket-group = brandmeister"
    )]
    [TestCase(
        "network=25011\nallowed-users = root",
        "f.conf:2: allowed-users: 'root' is no user id; for example: allowed-users = 0, 1001"
    )]
    [TestCase(
        "network=25011\nkey-file =",
        "f.conf:2: key-file: '' names no file; for example: key-file = /etc/fastforward/keys"
    )]
    [TestCase(
        "network=25011\nkey-file = keys",
        "f.conf:2: key-file: 'keys' is no absolute path, and there is no $CREDENTIALS_DIRECTORY; for example: "
            + "key-file = /etc/fastforward/keys"
    )]
    [TestCase(
        "network=25011\nallowed-users = 0, 1001\nnode-users = 250012",
        "f.conf:3: node-users: '250012' is no node id with a user id; for example: node-users = 250012:1001, "
            + "250013:1002"
    )]
    [TestCase(
        "network=25011\nallowed-users = 0, 1001\nnode-users = 250012:1002",
        "f.conf:3: node-users: '250012:1002' binds to user 1002, who is none of allowed-users; for example: "
            + "node-users = 250012:1001, 250013:1002"
    )]
    [TestCase(
        "network=25011\nallowed-users = 0, 1001\nnode-users = 250012:1001, 250012:0",
        "f.conf:3: node-users: '250012:0' binds node 250012 again; for example: node-users = 250012:1001, 250013:1002"
    )]
    [TestCase(
        "network=25011\ntransports = tcp",
        "f.conf:2: transports: 'tcp' is no transport type; for example: transports = ip, socket, vsocket"
    )]
    [TestCase(
        "network=25011\ntransports =",
        "f.conf:2: transports: '' names no transport; for example: transports = ip, socket, vsocket"
    )]
    [TestCase(
        "network=25011\nhello",
        "f.conf:2: 'hello' is neither a key with a value nor a [section]; for example: network = 25011"
    )]
    [TestCase(
        "network=25011\n[bridge",
        "f.conf:2: '[bridge' opens a section without closing it; for example: [bridge]"
    )]
    [TestCase(
        "network=25011\n[Nodes] ; see [2]\nlisten = 1",
        "f.conf:2: '[Nodes] ; see [2]' has text after the section; a comment needs a line of its own; "
            + "for example: [Nodes]"
    )]
    [TestCase(
        "network=25011\n/ port = 1",
        "f.conf:2: '/ port = 1' begins with a slash; a comment begins with ; or #; for example: # port = 1"
    )]
    [TestCase(
        "network=25011\n\u200bport = 54011",
        @"f.conf:2: '\u200Bport = 54011' has the invisible character U+200B as its character 1; remove it"
    )]
    [TestCase(
        "network=25011\nport = 54\u2060011",
        @"f.conf:2: 'port = 54\u2060011' has the invisible character U+2060 as its character 10; remove it"
    )]
    [TestCase(
        "network=25011\nlog-level =\u00a0\u00a0debug",
        "f.conf:2: 'log-level =\u00a0\u00a0debug' has the invisible character U+00A0 as its character 12; remove it"
    )]
    [TestCase(
        "network=25011\n\u200b[bridge]\nzone = 1",
        @"f.conf:2: '\u200B[bridge]' has the invisible character U+200B as its character 1; remove it"
    )]
    [TestCase(
        "network=25011\np\u043ert = 54011",
        "f.conf:2: p\u043ert: is not known (its '\u043e' is the character U+043E, which no name has); "
            + "did you mean port?"
    )]
    [TestCase(
        "# a note\u2028port = 0\nnetwork=x",
        "f.conf:2: network: 'x' is no whole number from 1 to 4294967295; " + "for example: network = 25011"
    )]
    [TestCase("network=25011\n[]", "f.conf:2: '[]' is no section name; for example: [bridge dns]")]
    [TestCase(
        "network=25011\nbridge:listen = 1",
        "f.conf:2: bridge:listen: a key has no colon in it; for example: [bridge] in a line of its own, then "
            + "listen = 127.0.0.1:5300"
    )]
    [TestCase(
        "network=25011\n[brigde]\nlisten = x",
        "f.conf:2: [brigde]: is no section of an instance file; did you mean [bridge]?"
    )]
    [TestCase(
        "network=25011\n[OveriddenNodes]",
        "f.conf:2: [OveriddenNodes]: is no section of an instance file; did you mean [OverriddenNodes]?"
    )]
    [TestCase(
        "network=25011\n[registry]",
        "f.conf:2: registry:servers: is missing; for example: "
            + "servers = unix/:/run/tarantool/registry.sock, 10.0.0.7:3301"
    )]
    [TestCase(
        "network=25011\n[registry]\nservers=,",
        "f.conf:3: registry:servers: '' names no server; for example: "
            + "servers = unix/:/run/tarantool/registry.sock, 10.0.0.7:3301"
    )]
    [TestCase(
        "network=25011\n[registry]\nservers=a,a",
        "f.conf:3: registry:servers: 'a' is given again; for example: "
            + "servers = unix/:/run/tarantool/registry.sock, 10.0.0.7:3301"
    )]
    [TestCase(
        "network=25011\n[registry]\nservers=a\ntables=Nodez",
        "f.conf:4: registry:tables: 'Nodez' is none of OverriddenNodes, Nodes; for example: "
            + "tables = OverriddenNodes, Nodes"
    )]
    [TestCase(
        "network=25011\n[registry]\nservers=a\npassword-file=/p",
        "f.conf:4: registry:password-file: goes with user, which is not given; for example: " + "user = fastforward"
    )]
    [TestCase(
        "network=25011\n[registry]\nservers=a\ncache=c",
        "f.conf:4: registry:cache: 'c' is no absolute path; for example: " + "cache = /var/lib/fastforward/25011.routes"
    )]
    [TestCase(
        "network=25011\n[mqtt]",
        "f.conf:2: [mqtt]: is no section of an instance file; the sections are [OverriddenNodes], [Nodes], "
            + "[registry <name>], [bridge <name>], [outlet <name>]"
    )]
    [TestCase(
        "network=25011\n[outlet]\ntarget = 127.0.0.1:53\nservice = 1\n[outlet]\ntarget = 127.0.0.1:54\nservice = 2",
        "f.conf:5: outlet: the section is given again; the first one is in line 2; for example: [outlet second]"
    )]
    [TestCase(
        "network=25011\n[outlet]\ntarget = 127.0.0.1:53\nservice = 1\n[outlet b]\ntarget = 127.0.0.1:54\nservice = 1",
        "f.conf:7: outlet b:service: '1' is taken by [outlet] in line 2; for example: service = 2"
    )]
    [TestCase(
        "network=25011\n[outlet]\ntarget = 53\nservice = 1",
        "f.conf:3: outlet:target: '53' is no IP address with a port; for example: target = 127.0.0.1:53"
    )]
    [TestCase(
        "network=25011\n[outlet]\ntarget = 127.0.0.1\nservice = 1",
        "f.conf:3: outlet:target: '127.0.0.1' has no port; for example: target = 127.0.0.1:53"
    )]
    [TestCase(
        "network=25011\n[outlet]\ntarget = localhost:53\nservice = 1",
        "f.conf:3: outlet:target: 'localhost:53' is no IP address with a port; for example: target = 127.0.0.1:53"
    )]
    [TestCase(
        "network=25011\n[outlet]\ntarget = 127.0.0.1:53\nservice = 32768",
        "f.conf:4: outlet:service: '32768' is no whole number from 1 to 32767; for example: service = 1"
    )]
    [TestCase(
        "network=25011\n[bridge]\nlisten = 127.0.0.1:1\nservice = 1",
        "f.conf:2: bridge:node: is missing; for example: node = 250012"
    )]
    [TestCase(
        "network=25011\n[bridge]\nlisten = 127.0.0.1:1\nservice = 1\nnode = 25011\nclass = best",
        "f.conf:6: bridge:class: 'best' is none of reliable, realtime; for example: class = reliable"
    )]
    [TestCase(
        "network=25011\n[bridge]\nlisten = 127.0.0.1:1\nservice = 1\nnode = 250012",
        "f.conf:5: bridge:node: no row of [OverriddenNodes] or [Nodes] leads to node 250012, and it is not this "
            + "node; for example: 250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
    )]
    [TestCase(
        "network=25011\n[Nodes]\nx = 0, FORWARD_TRANSPORT_SOCKET, , 1",
        "f.conf:3: Nodes:x: 'x' is no node id; for example: 250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
    )]
    [TestCase(
        "network=25011\n[Nodes]\n1 = 0, FORWARD_TRANSPORT_SOCKET, 1",
        "f.conf:3: Nodes:1: '0, FORWARD_TRANSPORT_SOCKET, 1' has 3 fields, not the four: key id, transport type, "
            + "address, port; for example: 250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
    )]
    [TestCase(
        "network=25011\n[Nodes]\n1 = a, FORWARD_TRANSPORT_SOCKET, , 1",
        "f.conf:3: Nodes:1: key id 'a' is no number; for example: 250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
    )]
    [TestCase(
        "network=25011\n[Nodes]\n1 = 0, FORWARD_TRANSPORT_SOKET, , 1",
        "f.conf:3: Nodes:1: 'FORWARD_TRANSPORT_SOKET' is no transport type, did you mean "
            + "FORWARD_TRANSPORT_SOCKET?; for example: 250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
    )]
    [TestCase(
        "network=25011\n[Nodes]\n1 = 0, FORWARD_TRANSPORT_SOCKET, , 0",
        "f.conf:3: Nodes:1: '0' is no port from 1 to 65535; for example: 250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
    )]
    public void A_problem_is_told_with_its_place_its_reason_and_a_right_example(string text, string message)
    {
        InstanceReading reading = InstanceReader.Read("f.conf", text);
        Assert.That(reading.Settings, Is.Null);
        Assert.That(reading.Problems.Select(static problem => problem.ToString()), Is.EqualTo(new[] { message }));
    }

    [TestCase("250012 = 0, FORWARD_TRANSPORT_SOCKET, 127.0.0.1, 54012", "must be empty")]
    [TestCase("250012 = 0, FORWARD_TRANSPORT_VSOCKET, host, 54012", "context id")]
    [TestCase("250012 = 0, FORWARD_TRANSPORT_IP, 192.0.2.1, 54012", "allow-unkeyed-network = yes")]
    [TestCase("250012 = 0, FORWARD_TRANSPORT_RDMA, 192.0.2.1, 54012", "allow-unkeyed-network = yes")]
    public void What_the_library_thinks_of_a_row_is_told_with_its_line(string row, string part)
    {
        InstanceReading reading = InstanceReader.Read("f.conf", $"network=25011\n[OverriddenNodes]\n{row}");
        Assert.That(reading.Problems, Has.Count.EqualTo(1));
        Assert.That(
            reading.Problems[0].ToString(),
            Does.StartWith("f.conf:3: OverriddenNodes:250012: ").And.Contain(part)
        );
    }

    [TestCase("all", true)]
    [TestCase("ALL", null)]
    public void A_key_can_be_demanded_of_all(string text, bool? fromAll)
    {
        InstanceReading reading = InstanceReader.Read("f.conf", $"network=25011\nrequire-key = {text}");
        Assert.That(reading.Settings?.RequireKeyFromAll, Is.EqualTo(fromAll));
    }

    [Test]
    public void The_advice_for_a_row_works_when_it_is_obeyed()
    {
        const string Row = "[Nodes]\n250012 = 0, FORWARD_TRANSPORT_IP, 192.0.2.1, 54012";
        string told = InstanceReader.Read("f.conf", $"network=25011\n{Row}").Problems.Single().Reason;
        Assert.That(told, Does.Contain("allow-unkeyed-network = yes in a line before the first section"));
        InstanceReading reading = InstanceReader.Read("f.conf", $"network=25011\nallow-unkeyed-network = yes\n{Row}");
        Assert.That(reading.Settings!.Nodes.Single().KeyId, Is.Zero, "no problem is left");
    }

    [Test]
    public void The_mistakes_of_a_section_that_is_given_again_are_told_too()
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            """
            network=25011
            [Nodes]
            1 = 0, FORWARD_TRANSPORT_SOCKET, , 54001
            x = 0
            [bridge]
            listen = here
            node = 25011
            service = 1
            [nodes]
            1 = 0, FORWARD_TRANSPORT_SOCKET, , 54001
            2 = 0, FORWARD_TRANSPORT_SOKET, , 54002
            1 = 0, FORWARD_TRANSPORT_SOCKET, , 54003
            [BRIDGE]
            listen = there
            node = 25011
            service = 1
            clas = auto
            """
        );
        Assert.That(
            reading.Problems.Select(static problem => (problem.Line, problem.Key)),
            Is.EqualTo(
                new[]
                {
                    (4, "Nodes:x"),
                    (6, "bridge:listen"),
                    (9, "nodes"),
                    (11, "nodes:2"),
                    (12, "nodes:1"),
                    (13, "BRIDGE"),
                    (14, "BRIDGE:listen"),
                    (16, "BRIDGE:service"),
                    (17, "BRIDGE:clas"),
                }
            )
        );
    }

    [Test]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            "network=x\nnoise\nport=0\nport=1\n[bridge]\nlisten=5300\n[Nodes]\n1 = 2\n[what]\n"
        );
        Assert.That(
            reading.Problems.Select(static problem => problem.Line),
            Is.EqualTo(new[] { 1, 2, 3, 4, 5, 5, 6, 8, 9 })
        );
    }

    [Test]
    public void Control_characters_do_not_reach_the_terminal()
    {
        InstanceReading reading = InstanceReader.Read("f.conf", "network=25011\n\u001b[2J=1");
        Assert.That(
            reading.Problems.Select(static problem => problem.ToString()).Single(),
            Does.Contain(@"\u001B[2J").And.Not.Contain('\u001b')
        );
    }

    [Test]
    public void The_keys_of_a_section_are_listed_once()
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            "network=25011\n[bridge]\nlisten=127.0.0.1:5300\nnode=25011\nservice=1\nzzzzzzzz=1"
        );
        Assert.That(
            reading.Problems.Single().ToString(),
            Does.EndWith("the keys here are listen, node, service, class, idle-seconds, max-clients")
        );
    }

    [Test]
    public void A_file_that_cannot_be_read_is_a_problem()
    {
        Assert.That(Problem("/nowhere/x.conf"), Is.EqualTo("/nowhere/x.conf: there is no such file"));
        Assert.That(Problem("/tmp"), Is.EqualTo("/tmp: is a directory, not an instance file"));
        Assert.That(Problem("/proc/self/mem"), Does.StartWith("/proc/self/mem: cannot be read: "));
        Assert.That(Problem(typeof(InstanceReader).Assembly.Location), Does.EndWith(": is no text file"));
        Assert.That(Problem("/dev/zero"), Is.EqualTo("/dev/zero: is no text file"), "it has no end");
        string large = Path.GetTempFileName();
        try
        {
            File.WriteAllText(large, "network=25011\n" + new string('\n', 1 << 20));
            Assert.That(
                Problem(large),
                Is.EqualTo($"{large}: is longer than 1048576 characters, so it is no instance file")
            );
        }
        finally
        {
            File.Delete(large);
        }

        static string Problem(string file) => InstanceReader.ReadFile(file).Problems.Single().ToString();
    }

    private static InstanceSettings Good(string text)
    {
        InstanceReading reading = InstanceReader.Read("f.conf", text);
        Assert.That(reading.Problems, Is.Empty);
        return reading.Settings!;
    }
}
