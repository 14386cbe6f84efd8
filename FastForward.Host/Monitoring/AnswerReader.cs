using System.Net.Sockets;
using System.Text.Json;
using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>The lines of a host's answer, within limits and complete.</summary>
internal sealed class AnswerReader(Socket socket)
{
    /// <summary>The longest line: the report of some 50,000 peers.</summary>
    public const int LongestLine = 64 << 20;

    private const byte Newline = (byte)'\n';

    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;

    /// <summary>The next line without its end; empty when the host has closed the connection.</summary>
    /// <exception cref="InvalidDataException">It is too long.</exception>
    /// <exception cref="SocketException">The connection failed.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken stop)
    {
        int searched = _start;
        while (true)
        {
            int newline = _buffer.AsSpan(searched, _end - searched).IndexOf(Newline);
            if (newline >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, searched + newline - _start);
                _start = searched + newline + 1;
                return line;
            }

            MakeRoom();
            searched = _end;
            int count = await socket.ReceiveAsync(_buffer.AsMemory(_end), stop).ConfigureAwait(false);
            if (count == 0)
                return ReadOnlyMemory<byte>.Empty;
            _end += count;
        }
    }

    /// <summary>Reads a line as an answer that lacks nothing that its type requires.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static ControlAnswer Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            RefuseNullElements(line);
            ControlAnswer answer =
                JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer)
                ?? throw new InvalidDataException("a line is null");
            return answer.Version == 1
                ? answer
                : throw new InvalidDataException($"version {answer.Version}; this program has 1");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    // The serializer checks members for null, but not the elements of arrays.
    private static void RefuseNullElements(ReadOnlySpan<byte> line)
    {
        Utf8JsonReader reader = new(line);
        JsonTokenType before = JsonTokenType.None;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null && before != JsonTokenType.PropertyName)
                throw new InvalidDataException($"null where a value must be, at byte {reader.TokenStartIndex}");
            before = reader.TokenType;
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        int length = _end - _start;
        if (length >= LongestLine)
            throw new InvalidDataException($"a line has more than {LongestLine >> 20} MiB");
        byte[] larger = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, length).CopyTo(larger);
        _buffer = larger;
        _start = 0;
        _end = length;
    }
}
