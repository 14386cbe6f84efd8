using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>The typed reader and writer, without a server.</summary>
internal sealed class TypedTupleTests
{
    [Test]
    public void Every_type_that_can_be_written_can_be_read()
    {
        Everything everything = new(
            true,
            -5,
            ulong.MaxValue,
            0.5,
            null,
            "text",
            [1, 2, 3],
            Guid.NewGuid(),
            -12.50m,
            new DateTimeOffset(2024, 2, 29, 23, 59, 58, 123, TimeSpan.FromHours(-3.5)),
            "any",
            new City(1, "Wien", 2),
            [new City(3, "Graz", 4), new City(5, "Linz", 6)]
        );
        Everything read = Read<Everything>(Write(everything));
        Assert.That(read with { Bytes = everything.Bytes, Cities = everything.Cities }, Is.EqualTo(everything));
        Assert.That(read.Bytes, Is.EqualTo(everything.Bytes));
        Assert.That(read.Cities, Is.EqualTo(everything.Cities));
        Assert.That(read.Time.Offset, Is.EqualTo(everything.Time.Offset));
    }

    [Test]
    public void Fields_that_are_not_read_are_skipped_at_every_level()
    {
        byte[] bytes = Write(
            TarantoolTuple.Create(
                TarantoolTuple.Create(1, "Wien", 2, "new", TarantoolTuple.Create(1, 2)),
                "last",
                "and more"
            )
        );
        Nested nested = Read<Nested>(bytes);
        Assert.That((nested.City, nested.Last), Is.EqualTo((new City(1, "Wien", 2), "last")));
    }

    [Test]
    public void An_integer_can_be_read_as_double_and_decimal()
    {
        Numbers numbers = Read<Numbers>(Write(TarantoolTuple.Create(3, 4)));
        Assert.That((numbers.Double, numbers.Decimal), Is.EqualTo((3.0, 4m)));
    }

    [TestCase(-1L)]
    [TestCase(4294967296L)]
    public void A_number_out_of_range_is_reported_with_its_field(long value)
    {
        byte[] bytes = Write(TarantoolTuple.Create(value, "Wien", 1));
        TarantoolDataException? error = Assert.Throws<TarantoolDataException>(() => Read<City>(bytes));
        Assert.That(error!.Message, Does.Contain("Field 1"));
    }

    [Test]
    public void A_field_can_be_read_as_its_own_type_after_a_mismatch()
    {
        Either[] read = Read<Eithers>(
            Write(TarantoolTuple.Create(TarantoolTuple.Create("text", 1), TarantoolTuple.Create(7, 2)))
        ).Items;
        Assert.That(read, Is.EqualTo(new[] { new Either("text", 1), new Either("7", 2) }));
    }

    private static byte[] Write<T>(T tuple)
        where T : ITarantoolTuple<T>
    {
        using FrameBuffer buffer = new();
        TarantoolWriter writer = new(buffer);
        writer.WriteTuple(tuple);
        writer.Flush();
        return buffer.Span.ToArray();
    }

    private static T Read<T>(byte[] bytes)
        where T : ITarantoolTuple<T>
    {
        TarantoolReader reader = new(bytes);
        T value = TarantoolReader.ReadTuple<T>(ref reader);
        Assert.That(reader.End, Is.True);
        return value;
    }

    private sealed record Everything(
        bool Flag,
        long Signed,
        ulong Unsigned,
        double Real,
        string? Missing,
        string Text,
        byte[] Bytes,
        Guid Guid,
        decimal Money,
        DateTimeOffset Time,
        TarantoolValue Value,
        City City,
        City[] Cities
    ) : ITarantoolTuple<Everything>
    {
        public static Everything Read(ref TarantoolReader reader) =>
            new(
                reader.ReadBoolean(),
                reader.ReadInt64(),
                reader.ReadUInt64(),
                reader.ReadDouble(),
                reader.ReadStringOrNull(),
                reader.ReadString(),
                reader.ReadBytes(),
                reader.ReadGuid(),
                reader.ReadDecimal(),
                reader.ReadDateTimeOffset(),
                reader.ReadValue(),
                reader.ReadTuple<City>(),
                reader.ReadTuples<City>()
            );

        public void Write(ref TarantoolWriter writer)
        {
            writer.Write(Flag);
            writer.Write(Signed);
            writer.Write(Unsigned);
            writer.Write(Real);
            writer.Write(Missing);
            writer.Write(Text);
            writer.Write(Bytes);
            writer.Write(Guid);
            writer.Write(Money);
            writer.Write(Time);
            writer.Write(Value);
            writer.WriteTuple(City);
            writer.WriteTuples<City>(Cities);
        }
    }

    private sealed record Nested(City City, string Last) : ITarantoolTuple<Nested>
    {
        public static Nested Read(ref TarantoolReader reader) => new(reader.ReadTuple<City>(), reader.ReadString());

        public void Write(ref TarantoolWriter writer) => throw new NotSupportedException();
    }

    private sealed record Numbers(double Double, decimal Decimal) : ITarantoolTuple<Numbers>
    {
        public static Numbers Read(ref TarantoolReader reader) => new(reader.ReadDouble(), reader.ReadDecimal());

        public void Write(ref TarantoolWriter writer) => throw new NotSupportedException();
    }

    private sealed record Either(string Value, int Last) : ITarantoolTuple<Either>
    {
        public static Either Read(ref TarantoolReader reader)
        {
            string value;
            try
            {
                value = reader.ReadString();
            }
            catch (TarantoolDataException)
            {
                value = $"{reader.ReadInt32()}";
            }

            return new Either(value, reader.ReadInt32());
        }

        public void Write(ref TarantoolWriter writer) => throw new NotSupportedException();
    }

    private sealed record Eithers(Either[] Items) : ITarantoolTuple<Eithers>
    {
        public static Eithers Read(ref TarantoolReader reader) =>
            new([reader.ReadTuple<Either>(), reader.ReadTuple<Either>()]);

        public void Write(ref TarantoolWriter writer) => throw new NotSupportedException();
    }
}
