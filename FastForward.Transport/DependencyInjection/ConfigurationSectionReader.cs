using System.Globalization;
using FastForward.Transport.Addressing;
using Microsoft.Extensions.Configuration;

namespace FastForward.Transport.DependencyInjection;

/// <summary>Reads the values of one section, and collects problems with their paths.</summary>
internal sealed class ConfigurationSectionReader(IConfiguration section)
{
    private readonly List<string> _known = [];

    public List<string> Problems { get; } = [];

    /// <summary>Reads a value, if it is present.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="example">A valid value, for the message.</param>
    /// <param name="set">Called with the value.</param>
    public void Read<T>(string key, string example, Action<T> set)
        where T : IParsable<T>
    {
        if (Find(key) is not { } text)
            return;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out T? value))
            set(value);
        else
            Refuse(key, text, example);
    }

    /// <summary>
    /// As <see cref="Read{T}(string, string, Action{T})"/>, with a parser that returns null for an invalid text.
    /// </summary>
    public void Read<T>(string key, string example, Func<string, T?> parse, Action<T> set)
        where T : struct
    {
        if (Find(key) is not { } text)
            return;
        if (parse(text) is { } value)
            set(value);
        else
            Refuse(key, text, example);
    }

    /// <summary>Reads a value that can be wrong in several ways.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="set">Called with the text; returns what is wrong with it, or null.</param>
    public void Read(string key, Func<string, string?> set)
    {
        if (Find(key) is { } text && set(text) is { } problem)
            Problems.Add($"{PathOf(key)}: {AddressText.Quote(text)} is invalid: {problem}.");
    }

    public void ReadName<T>(string key, Action<T> set)
        where T : struct, Enum =>
        Read<T>(
            key,
            string.Join(", ", Enum.GetNames<T>()),
            static text => Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) ? value : null,
            set
        );

    public void ReadText(string key, Action<string> set)
    {
        if (Find(key) is { } text)
            set(text);
    }

    public void ReadList<T>(string key, string example, Action<IReadOnlyList<T>> set)
        where T : IParsable<T>
    {
        _known.Add(key);
        List<T> values = [];
        IConfigurationSection[] items = [.. section.GetSection(key).GetChildren()];
        foreach (IConfigurationSection item in items)
        {
            if (T.TryParse(item.Value, CultureInfo.InvariantCulture, out T? value))
                values.Add(value);
            else
                Refuse($"{key}:{item.Key}", item.Value, example);
        }

        if (items.Length > 0)
            set(values);
        else if (section[key] is { Length: > 0 } text)
            Problems.Add(
                $"{PathOf(key)}: {AddressText.Quote(text)} is one value where a list is expected; for example "
                    + $"[ \"{example}\" ]."
            );
    }

    /// <summary>Reads a section of keys and values that are both of one type.</summary>
    public void ReadMap<T>(string key, string example, Action<IReadOnlyDictionary<T, T>> set)
        where T : IParsable<T>
    {
        _known.Add(key);
        Dictionary<T, T> values = [];
        IConfigurationSection[] items = [.. section.GetSection(key).GetChildren()];
        foreach (IConfigurationSection item in items)
        {
            if (
                T.TryParse(item.Key, CultureInfo.InvariantCulture, out T? name)
                && T.TryParse(item.Value, CultureInfo.InvariantCulture, out T? value)
            )
                values[name] = value;
            else
                Problems.Add(
                    $"{PathOf(key)}: {AddressText.Quote(item.Key)} = {AddressText.Quote(item.Value)} is invalid; "
                        + $"for example {example}."
                );
        }

        if (items.Length > 0)
            set(values);
        else if (section[key] is { Length: > 0 } text)
            Problems.Add(
                $"{PathOf(key)}: {AddressText.Quote(text)} is one value where keys with values are expected; "
                    + $"for example {example}."
            );
    }

    /// <summary>Declares subsections that are read elsewhere.</summary>
    public void LeaveSections(params ReadOnlySpan<string> keys) => _known.AddRange(keys);

    /// <summary>
    /// Reports unknown keys; otherwise a misspelt key would silently leave its option at the default.
    /// </summary>
    public void RefuseUnknownKeys()
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!_known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                Problems.Add($"{PathOf(child.Key)}: unknown option; the options are {string.Join(", ", _known)}.");
        }
    }

    private string? Find(string key)
    {
        _known.Add(key);
        return section[key];
    }

    private void Refuse(string key, string? text, string example) =>
        Problems.Add($"{PathOf(key)}: {AddressText.Quote(text)} is invalid; for example {example}.");

    private string PathOf(string key) => section is IConfigurationSection { Path: var path } ? $"{path}:{key}" : key;
}
