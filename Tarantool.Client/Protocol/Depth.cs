namespace Tarantool.Client.Protocol;

/// <summary>Limits the nesting of values, so that malicious input cannot overflow the stack.</summary>
internal static class Depth
{
    public const int Max = 128;
}
