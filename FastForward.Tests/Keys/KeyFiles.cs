using FastForward.Transport;

namespace FastForward.Tests.Keys;

/// <summary>Files of keys as keygen makes them: for their owner alone.</summary>
internal static class KeyFiles
{
    public static void Write(string path, params ForwardKey[] keys)
    {
        using FileStream file = new(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            }
        );
        ForwardKeyFile.Write(file, keys);
    }

    /// <summary>The lines of such a file.</summary>
    public static string[] Lines(params ForwardKey[] keys)
    {
        using MemoryStream text = new();
        ForwardKeyFile.Write(text, keys);
        return System.Text.Encoding.ASCII.GetString(text.ToArray()).Split('\n');
    }
}
