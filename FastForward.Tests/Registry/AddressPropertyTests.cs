using System.Net;
using CsCheck;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Registry;

/// <summary>Parsing never throws, for any input. CsCheck prints the seed of a failure.</summary>
public sealed class AddressPropertyTests
{
    // Random characters rarely resemble an address, so pieces of real ones are mixed in.
    private static readonly Gen<string> s_text = Gen.Frequency(
        (1, Gen.String),
        (1, Gen.String[Gen.Char[" -~"], 0, 40]),
        (
            3,
            Pick(
                "0x",
                "fe80",
                "::",
                ":",
                "%",
                "eth0",
                "lo",
                ".",
                "127",
                "0",
                "1",
                "255",
                "256",
                "4294967295",
                "[",
                "]",
                "/",
                "-",
                "localhost",
                "example",
                "ffff",
                "8e4d39",
                "\0",
                "é",
                " "
            )
                .Array[0, 12]
                .Select(string.Concat)
        )
    );

    private static readonly Gen<RouteRow> s_row = Gen.Select(
        Pick(0u, 1u, 25_011u, uint.MaxValue),
        Pick(0u, 7u),
        Gen.Int[-1, 5],
        s_text,
        Gen.Frequency((4, Gen.Int[1, 65_535]), (1, Gen.Int)),
        (node, key, kind, text, port) => new RouteRow(node, key, (TransportKind)kind, text, port)
    );

    [Test]
    public void Parsing_returns_an_end_point_or_a_problem() =>
        s_row.Sample(
            row =>
            {
                bool good = RouteAddress.TryParse(row, "/tmp", out EndPoint? endPoint, out string? problem);
                Assert.That(endPoint is not null, Is.EqualTo(good));
                Assert.That(problem is null, Is.EqualTo(good));
                if (good)
                {
                    Assert.That(endPoint!.ToString(), Is.Not.Empty);
                    _ = RouteAddress.NeedsKey(endPoint);
                }
                else
                {
                    Assert.That(problem, Does.Contain("write").And.Match("^(node id|transport type|address|port) "));
                    Assert.That(problem!.All(character => character is >= ' ' and <= '~'), Is.True, problem);
                }

                Assert.That(row.ToString(), Is.Not.Empty);
            },
            iter: 20_000
        );

    [Test]
    public void An_address_literal_round_trips() =>
        Gen
            .Byte.Array[16]
            .Sample(
                bytes =>
                {
                    IPAddress address = new(bytes);
                    if (!IpAddressText.TryParse(address.ToString(), 54_000, out EndPoint? endPoint, out _))
                        return;
                    IPAddress read = ((IPEndPoint)endPoint!).Address;
                    Assert.That(read, Is.EqualTo(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));
                },
                iter: 20_000
            );

    [Test]
    public void A_gid_round_trips() =>
        Gen
            .Byte.Array[16]
            .Sample(
                bytes =>
                {
                    bytes[0] = (byte)(bytes[0] & 0x7F | 1);
                    Assert.That(
                        RdmaEndPoint.TryParse(
                            "0x" + Convert.ToHexString(bytes),
                            54_000,
                            out EndPoint? endPoint,
                            out string? problem
                        ),
                        Is.True,
                        problem
                    );
                    Assert.That(((RdmaEndPoint)endPoint!).Gid.ToArray(), Is.EqualTo(bytes));
                },
                iter: 5000
            );

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
