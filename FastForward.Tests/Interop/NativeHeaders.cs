using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Interop;

/// <summary>Compares what the interop classes say with C headers, by the C compiler.</summary>
internal static class NativeHeaders
{
    /// <summary>All members of the interop classes with a C name, which is in capitals.</summary>
    public static IEnumerable<(string Name, string Value)> Constants(params Type[] types)
    {
        foreach (Type type in types)
        {
            foreach (
                FieldInfo field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                    .Where(field => field.IsLiteral && IsNativeName(field.Name))
            )
                yield return (field.Name, Text(field.GetRawConstantValue()!));
            foreach (
                FieldInfo field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                    .Where(field => field.IsInitOnly && IsNativeName(field.Name))
            )
                yield return (field.Name, Text(field.GetValue(null)!));
            foreach (
                PropertyInfo property in type.GetProperties(
                        BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic
                    )
                    .Where(property => IsNativeName(property.Name))
            )
                yield return (property.Name, Text(property.GetValue(null)!));
        }
    }

    /// <summary>Every structure that the interop classes declare is in the list, with each of its fields.</summary>
    public static void CheckNames(
        IReadOnlyList<(Type Type, string Native, (string Field, string Native)[] Fields)> structures,
        params Type[] interop
    )
    {
        IEnumerable<Type> declared = interop
            .SelectMany(type => type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic))
            .Where(type => type.IsValueType);
        Assert.That(structures.Select(entry => entry.Type), Is.EquivalentTo(declared));
        foreach ((Type type, _, (string Field, string Native)[] fields) in structures)
            Assert.That(
                fields.Select(field => field.Field),
                Is.EquivalentTo(
                    type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                        .Select(field => field.Name)
                ),
                type.Name
            );
    }

    private static bool IsNativeName(string name) => !name.Any(char.IsLower);

    public static int SizeOf(Type type)
    {
        if (type.IsPointer)
            return IntPtr.Size;
        if (type.Name.StartsWith('<'))
            return LibC.UnixPathCapacity; // the fixed buffer
        return Marshal.SizeOf(type);
    }

    public static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    public static void RequireCompiler()
    {
        if (
            !Environment
                .GetEnvironmentVariable("PATH")!
                .Split(':')
                .Any(directory => File.Exists(Path.Combine(directory, "gcc")))
        )
            TestEnvironment.Missing(
                "gcc is not installed: nothing compares the native layouts with the system's headers"
            );
    }

    public static void Compile(string source)
    {
        RequireCompiler();
        Assert.That(RunCompiler(source), Is.Empty);
    }

    public static string RunCompiler(string source)
    {
        ProcessStartInfo start = new("gcc", "-fsyntax-only -w -x c -")
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        using Process compiler = Process.Start(start)!;
        compiler.StandardInput.Write(source);
        compiler.StandardInput.Close();
        string output = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? string.Empty : output;
    }
}
