namespace Tarantool.Client.Protocol;

/// <summary>Bounds how deeply values may nest, so that hostile bytes cannot overflow the stack.</summary>
internal static class Depth
{
    public const int Max = 128;
}
