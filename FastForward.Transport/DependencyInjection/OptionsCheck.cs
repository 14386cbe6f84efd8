using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>Lets an options class judge itself: its rules are in one place, whether or not a container is used.</summary>
internal sealed class OptionsCheck<TOptions>(Func<TOptions, IEnumerable<string>> findProblems)
    : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        string[] problems = [.. findProblems(options).Select(static problem => $"{typeof(TOptions).Name}.{problem}")];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
