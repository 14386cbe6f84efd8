using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Edge cases of values and tuples, without a server.</summary>
internal sealed class ValueTests
{
    [Test]
    public void Bytes_can_be_read_whether_or_not_they_are_valid_utf8()
    {
        // Lua has one type for both, so the kind depends on the content alone.
        using FrameBuffer buffer = new();
        buffer.Append([0x92, 0xa2, 0xff, 0xfe, 0xa3, 0x61, 0xc3, 0xbc]);
        TarantoolReader reader = new(buffer.Memory);
        TarantoolTuple tuple = reader.ReadAny().AsArray();
        Assert.That(
            tuple.Select(value => value.Kind),
            Is.EqualTo(new[] { TarantoolValueKind.Binary, TarantoolValueKind.String })
        );
        Assert.That(tuple[0].AsBinary().ToArray(), Is.EqualTo(new byte[] { 0xff, 0xfe }));
        Assert.That(tuple[1].AsBinary().ToArray(), Is.EqualTo(new byte[] { 0x61, 0xc3, 0xbc }));
        Assert.Throws<TarantoolDataException>(() => ((TarantoolValue)1).AsBinary());
    }

    [TestCase(2)]
    [TestCase(-1)]
    public void A_missing_field_is_reported_with_the_number_of_fields(int index)
    {
        TarantoolTuple tuple = [1, "name"];
        Assert.That(
            Assert.Throws<ArgumentOutOfRangeException>(() => _ = tuple[index])!.Message,
            Does.Contain("2 fields")
        );
    }

    [Test]
    public void A_request_beyond_the_maximum_array_length_is_rejected()
    {
        using FrameBuffer buffer = new();
        buffer.Append([0]);
        Assert.That(
            Assert.Throws<ArgumentException>(() => buffer.GetSpan(Array.MaxLength))!.Message,
            Does.Contain($"{Array.MaxLength}")
        );
        Assert.That(buffer.Length, Is.EqualTo(1));
    }
}
