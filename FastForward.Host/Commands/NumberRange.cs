using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace FastForward.Host.Commands;

/// <summary>Checks numbers of the command line; an error message names the limits.</summary>
internal static class NumberRange
{
    public static void Require<T>(Option<T> option, T minimum, T maximum)
        where T : INumber<T> =>
        option.Validators.Add(result => Check(result, option.Name, result.Tokens, minimum, maximum));

    public static void Require<T>(Argument<T> argument, T minimum, T maximum)
        where T : INumber<T> =>
        argument.Validators.Add(result => Check(result, argument.Name, result.Tokens, minimum, maximum));

    private static void Check<T>(SymbolResult result, string name, IReadOnlyList<Token> tokens, T minimum, T maximum)
        where T : INumber<T>
    {
        if (
            tokens.Count == 0
            || (
                T.TryParse(tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out T? value)
                && value >= minimum
                && value <= maximum
            )
        )
            return;
        string kind = typeof(T) == typeof(double) ? "number" : "whole number";
        result.AddError(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: '{tokens[0].Value}' is no {kind} from {minimum} to {maximum}"
            )
        );
    }
}
