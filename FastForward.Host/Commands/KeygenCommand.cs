using System.CommandLine;
using FastForward.Transport;

namespace FastForward.Host.Commands;

/// <summary><c>keygen</c>: a key for two nodes, as a new file or as one more line of one.</summary>
internal static class KeygenCommand
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static Command Create()
    {
        Argument<uint> key = new("key") { Description = "The id of the key, which rows name." };
        Argument<uint> node = new("node") { Description = "The id of a node that shares it." };
        Argument<uint> other = new("other-node") { Description = "The id of the other node." };
        Option<string> file = new("--out")
        {
            Description = "The file to create, for its owner alone. Otherwise it is printed.",
            HelpName = "file",
        };
        Option<bool> append = new("--append") { Description = "Add the key to the file, which has keys already." };
        Option<bool> force = new("--force") { Description = "Replace the file, whose keys are lost." };
        NumberRange.Require(key, 1u, uint.MaxValue);
        NumberRange.Require(node, 1u, uint.MaxValue);
        NumberRange.Require(other, 1u, uint.MaxValue);
        Command command = new("keygen", "Makes a key that two nodes share.") { key, node, other, file, append, force };
        command.Validators.Add(result =>
        {
            if (result.GetValue(file)?.Length == 0)
                result.AddError("--out names no file");
            bool isNew = !result.GetValue(append) && !result.GetValue(force);
            if (result.GetValue(append) && result.GetValue(force))
                result.AddError("--append and --force exclude each other");
            else if (!isNew && result.GetValue(file) is null)
                result.AddError("--append and --force need --out");
        });
        command.SetAction(result =>
        {
            uint[] nodes = [result.GetValue(node), result.GetValue(other)];
            if (nodes[0] == nodes[1])
            {
                Console.Error.WriteLine($"{nodes[0]} is named twice: a key is shared by two nodes.");
                return ExitCode.Usage;
            }

            using ForwardKey made = ForwardKey.Generate(result.GetValue(key), nodes);
            return result.GetValue(file) is { } path
                ? Write(made, Path.GetFullPath(path), result.GetValue(append), result.GetValue(force))
                : Print(made);
        });
        return command;
    }

    private static int Print(ForwardKey key)
    {
        try
        {
            using Stream output = Console.OpenStandardOutput();
            ForwardKeyFile.Write(output, [key]);
            return ExitCode.Success;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static int Write(ForwardKey key, string path, bool append, bool force)
    {
        try
        {
            if (append)
            {
                if (FindConflict(key, path) is { } code)
                    return code;
                Append(key, path);
            }
            else if (force)
            {
                Replace(key, path);
            }
            else
            {
                Create(key, path);
            }
        }
        catch (IOException) when (!append && !force && Path.Exists(path))
        {
            Console.Error.WriteLine(
                VisibleText.Of($"{path} exists: --append adds the key to it, --force replaces it. Nothing was written.")
            );
            return ExitCode.Failure;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Console.Error.WriteLine(VisibleText.Of($"{path} cannot be written: {exception.Message}"));
            return ExitCode.Failure;
        }

        Console.Error.WriteLine(
            VisibleText.Of(
                $"{path} has {key}. Bring its line to the file of the other node by a way that no one can read."
            )
        );
        return ExitCode.Success;
    }

    private static int? FindConflict(ForwardKey key, string path)
    {
        if (!ForwardKeyFile.TryRead(path, out IReadOnlyList<ForwardKey>? present, out IReadOnlyList<string> problems))
        {
            foreach (string problem in problems)
                Console.Error.WriteLine(VisibleText.Of(problem));
            Console.Error.WriteLine("Nothing was written.");
            return ExitCode.Configuration;
        }

        bool isTaken = present.Any(other => other.Id == key.Id);
        foreach (ForwardKey other in present)
            other.Dispose();
        if (!isTaken)
            return null;
        Console.Error.WriteLine(
            VisibleText.Of($"{path} has a key {key.Id} already: give the new one another id. Nothing was written.")
        );
        return ExitCode.Failure;
    }

    private static void Create(ForwardKey key, string path)
    {
        using FileStream file = Open(path, FileMode.CreateNew, FileAccess.Write);
        ForwardKeyFile.Write(file, [key]);
        file.Flush(flushToDisk: true);
    }

    // A process that has the old file open does not see the new key.
    private static void Replace(ForwardKey key, string path)
    {
        string unfinished = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            Create(key, unfinished);
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    // In place: the file stays that of its owner, which may be another user than this one.
    private static void Append(ForwardKey key, string path)
    {
        using FileStream file = Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n')
            file.WriteByte((byte)'\n');
        ForwardKeyFile.Append(file, key);
        file.Flush(flushToDisk: true);
    }

    // No buffer: it would keep the secret.
    private static FileStream Open(string path, FileMode mode, FileAccess access)
    {
        FileStreamOptions options = new()
        {
            Mode = mode,
            Access = access,
            BufferSize = 0,
        };
        if (mode == FileMode.CreateNew)
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }
}
