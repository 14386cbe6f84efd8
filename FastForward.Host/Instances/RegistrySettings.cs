using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Host.Instances;

/// <summary>A <c>[registry]</c> section: a Tarantool registry that the node follows.</summary>
internal sealed record RegistrySettings
{
    /// <summary>The section's name, for messages and for <c>registry accept</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The servers, replicas of each other, the nearest one first.</summary>
    public required IReadOnlyList<string> Servers { get; init; }

    /// <summary>The user; null for guest.</summary>
    public required string? User { get; init; }

    /// <summary>The file with the user's password; null for none.</summary>
    public required string? PasswordFile { get; init; }

    /// <summary>The file that keeps the last rows; null for none.</summary>
    public required string? Cache { get; init; }

    /// <summary>The spaces that are read.</summary>
    public required IReadOnlyList<RouteTable> Tables { get; init; }

    /// <summary>The password, once it was read.</summary>
    public string? Password { get; private init; }

    /// <summary>With the password.</summary>
    /// <param name="problem">Why it cannot be read; null when it was, and when there is none.</param>
    public RegistrySettings ReadPassword(out string? problem)
    {
        problem = null;
        if (PasswordFile is null)
            return this;
        string? credentials = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        problem = Instances.PasswordFile.TryRead(PasswordFile, credentials, out string password);
        return this with { Password = password };
    }

    /// <summary>The library's options.</summary>
    public void CopyTo(TarantoolRegistryOptions options)
    {
        options.Servers = [.. Servers];
        options.UserName = User;
        options.Password = Password;
        options.CacheFile = Cache;
        options.Tables = [.. Tables];
    }

    /// <summary>What is compared to see whether the section has changed.</summary>
    public override string ToString() =>
        $"{string.Join(", ", Servers)}|{User}|{PasswordFile}|{Cache}|{string.Join(", ", Tables)}";
}
