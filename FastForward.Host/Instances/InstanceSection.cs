namespace FastForward.Host.Instances;

/// <summary>
/// One section of an instance file as it was found; the lines before the first header are the section named "".
/// </summary>
/// <param name="Name">The text between the brackets.</param>
/// <param name="Line">The line of the header; 0 for the top of the file.</param>
internal sealed record InstanceSection(string Name, int Line)
{
    /// <summary>The name under which its values are found: that of a repeated section is its own.</summary>
    public string Id { get; init; } = Name;

    /// <summary>The keys in the order of the file.</summary>
    public List<InstanceKey> Keys { get; } = [];

    /// <summary>The first word of the name: what kind of section it is.</summary>
    public string Kind => Name.Split(' ', 2)[0];

    /// <summary>The line of a key; 0 when it is not given.</summary>
    public int LineOf(string key) =>
        Keys.Find(candidate => string.Equals(candidate.Name, key, StringComparison.OrdinalIgnoreCase))?.Line ?? 0;

    /// <summary>The path of a key for messages.</summary>
    public string PathOf(string key) => Name.Length == 0 ? key : $"{Name}:{key}";

    /// <summary>The path of its value.</summary>
    public string ValueOf(string key) => Id.Length == 0 ? key : $"{Id}:{key}";
}
