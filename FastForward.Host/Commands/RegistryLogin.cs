using System.CommandLine;
using FastForward.Host.Instances;
using Spectre.Console;

namespace FastForward.Host.Commands;

/// <summary>
/// The options that say as whom a command speaks to a registry. A password is never on the command line.
/// </summary>
internal sealed class RegistryLogin
{
    private readonly Option<string?> _user;
    private readonly Option<string?> _file;

    /// <param name="prefix">What the names of the options begin with.</param>
    /// <param name="who">Whom they name, for the help.</param>
    public RegistryLogin(string prefix, string who)
    {
        _user = new Option<string?>($"--{prefix}user") { Description = who, HelpName = "name" };
        _file = new Option<string?>($"--{prefix}password-file")
        {
            Description = "A file with the password and nothing else, for its owner alone. Otherwise it is asked for.",
            HelpName = "file",
        };
    }

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_user);
        command.Add(_file);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_file) is not null && result.GetResult(_user) is null)
                result.AddError($"{_file.Name} goes with {_user.Name}, which is not given");
            if (result.GetValue(_user) is "")
                result.AddError($"{_user.Name} names no user");
        });
    }

    /// <summary>Reads the password.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="user">The user; null when none is named.</param>
    /// <param name="password">The password; null for none.</param>
    /// <returns>Why there is none; null when there is, or none is needed.</returns>
    public string? Read(ParseResult result, out string? user, out string? password)
    {
        user = result.GetValue(_user);
        password = null;
        if (user is null)
            return null;
        if (result.GetValue(_file) is { } file)
        {
            string? problem = PasswordFile.TryRead(Path.GetFullPath(file), null, out string read);
            password = read;
            return problem is null ? null : $"{_file.Name}: {problem}";
        }

        if (Console.IsInputRedirected)
            return $"give {_file.Name}: there is no terminal to ask for the password of {user}";
        IAnsiConsole terminal = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }
        );
        password = terminal.Prompt(new TextPrompt<string>($"Password of {Markup.Escape(user)}:").Secret(null));
        return null;
    }
}
