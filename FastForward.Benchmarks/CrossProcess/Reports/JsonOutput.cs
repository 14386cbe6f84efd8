using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>
/// Where JSON goes. A file is opened before anything is measured, so that nobody waits ten minutes to learn that its path is
/// wrong; what it held stays until there are new figures, and a file that gets none does not stay behind.
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

    /// <param name="file">Its path; null for the standard output.</param>
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
