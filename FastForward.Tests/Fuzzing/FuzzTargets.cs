using System.Text;

namespace FastForward.Tests.Fuzzing;

/// <summary>All of them: a parser that reads what others send or write belongs here.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. WireTargets.All,
        SessionTarget.Frames,
        .. TextTargets.All,
        KeyTarget.Files,
        .. ControlTargets.All,
        .. TarantoolTargets.All,
    ];

    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(byte[] input) => Encoding.UTF8.GetString(input);
}
