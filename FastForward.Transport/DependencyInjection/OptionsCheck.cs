using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// Validates options by their own rules, which apply with and without a container.
/// </summary>
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
