using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// Fills options from a section of the configuration, and reports every value that cannot be read. Does not
/// use reflection, so that it works in trimmed programs, and reports all problems at once with their paths.
/// </summary>
internal sealed class ConfigurationBinding<TOptions>(
    IConfiguration section,
    Action<ConfigurationSectionReader, TOptions> read
) : IConfigureOptions<TOptions>, IValidateOptions<TOptions>
    where TOptions : class, new()
{
    public void Configure(TOptions options) => Read(options);

    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        List<string> problems = Read(new TOptions());
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private List<string> Read(TOptions options)
    {
        ConfigurationSectionReader reader = new(section);
        read(reader, options);
        reader.RefuseUnknownKeys();
        return reader.Problems;
    }
}
