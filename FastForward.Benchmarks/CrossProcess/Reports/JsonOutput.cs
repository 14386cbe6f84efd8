using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>
/// The JSON output. A file is opened before anything is measured, so that a wrong path is reported at once. Existing
/// content is kept until there are results; a new file without results is deleted.
/// </summary>
internal sealed class JsonOutput : IDisposable
{
    private readonly Stream _stream;
    private readonly string? _madeHere;
    private bool _isWritten;

    private JsonOutput(Stream stream, string? madeHere)
    {
        _stream = stream;
        _madeHere = madeHere;
    }

    /// <param name="file">The path; null for standard output.</param>
    public static JsonOutput Open(string? file)
    {
        if (file is null)
            return new JsonOutput(Console.OpenStandardOutput(), null);
        bool isThere = File.Exists(file);
        return new JsonOutput(new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write), isThere ? null : file);
    }

    public void Write(IEnumerable<Row> rows)
    {
        if (_stream is FileStream { CanSeek: true, Length: > 0 } file)
            file.SetLength(0);
        JsonReport.Write(_stream, rows);
        _isWritten = true;
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (_madeHere is not null && !_isWritten)
            File.Delete(_madeHere);
    }
}
