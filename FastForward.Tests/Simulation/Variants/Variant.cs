using System.Reflection;
using System.Runtime.Loader;
using FastForward.Tests.Layers;
using FastForward.Tests.Simulation.Variants.Mutants;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace FastForward.Tests.Simulation.Variants;

/// <summary>
/// The session and its simulation compiled together with another text in some places: with limits that tests reach, or
/// with a defect that the simulation has to find. The product itself has no switch for it.
/// </summary>
internal sealed class Variant
{
    /// <summary>The folder that variants change.</summary>
    public const string Session = "FastForward.Transport/Session/";

    private static readonly string[] s_folders =
    [
        "FastForward.Transport/Contracts",
        "FastForward.Transport/Buffers",
        "FastForward.Transport/Session",
        "FastForward.Tests/Traffic",
        "FastForward.Tests/Session",
        "FastForward.Tests/Simulation",
    ];

    private static readonly Lazy<CSharpCompilation> s_whole = new(static () => Parse(IsPart));

    // What takes longer than the others together, or needs other programs or layers.
    private static readonly string[] s_otherTests =
    [
        "/Wireshark/",
        "NetworkProfile.cs",
        "ProtocolConstantsTests.cs",
        "RealTimeOrderedDelayTests.cs",
        "RealTimeProfileTests.cs",
        "MixedWorldTests.cs",
        "HeldCreditTests.cs",
        "SessionSimulationTests.cs",
        "FrameFuzzTests.cs",
        "StrangerTests.cs",
        "GoldenKeyTests.cs", // of real keys
    ];

    private static readonly Lazy<CSharpCompilation> s_withTests = new(static () => Parse(IsPartOrTest));

    private readonly Assembly _assembly;
    private readonly Func<ulong, int, int, (long, (ulong, string)[])> _find;

    private Variant(Stream assembly)
    {
        // It stays loaded: the runtime does not unload types with thread statics reliably.
        _assembly = new AssemblyLoadContext("variant").LoadFromStream(assembly);
        Type sweep = _assembly.GetType(typeof(Sweep).FullName!, throwOnError: true)!;
        _find = sweep.GetMethod(nameof(Sweep.Find))!.CreateDelegate<Func<ulong, int, int, (long, (ulong, string)[])>>();
    }

    /// <summary>Compiles it.</summary>
    public static Variant Build(IEnumerable<Substitution> substitutions)
    {
        using MemoryStream assembly = new();
        EmitResult result = Change(s_whole.Value, null, substitutions).Emit(assembly);
        ThrowUnless(result);
        return Load(assembly);
    }

    /// <summary>Compiles it with the tests.</summary>
    public static Variant BuildWithTests()
    {
        using MemoryStream assembly = new();
        EmitResult result = s_withTests.Value.Emit(assembly);
        ThrowUnless(result);
        return Load(assembly);
    }

    /// <summary>Compiles it with a mutant.</summary>
    /// <returns>Null when that is no program, or no program with the substitutions.</returns>
    public static Variant? TryBuild(Mutant mutant, IEnumerable<Substitution> substitutions, bool withTests)
    {
        using MemoryStream assembly = new();
        try
        {
            CSharpCompilation whole = withTests ? s_withTests.Value : s_whole.Value;
            return Change(whole, mutant, substitutions).Emit(assembly).Success ? Load(assembly) : null;
        }
        catch (InvalidOperationException) when (substitutions.Any(one => one.File == mutant.File))
        {
            return null; // the mutant and a substitution change the same place
        }
    }

    /// <summary>Whether it was compiled with a class of tests.</summary>
    public bool HasTest(string name) => Array.Exists(_assembly.GetTypes(), type => type.Name == name);

    /// <summary>Runs the tests in it.</summary>
    /// <returns>The first one that failed; null when none did.</returns>
    public string? FindFailedTest()
    {
        MethodInfo fill = _assembly.GetType(typeof(Fuel).FullName!, throwOnError: true)!.GetMethod(nameof(Fuel.Fill))!;
        return VariantTests.FindFailed(_assembly, fill.CreateDelegate<Action>());
    }

    /// <summary>Runs worlds of consecutive seeds.</summary>
    public (Mark Marks, (ulong Seed, string Text)[] Failed) Find(ulong first, int count, int stopAfter)
    {
        (long marks, (ulong, string)[] failed) = _find(first, count, stopAfter);
        return ((Mark)marks, failed);
    }

    private static void ThrowUnless(EmitResult result)
    {
        if (!result.Success)
            throw new InvalidOperationException(
                string.Join('\n', result.Diagnostics.Where(static one => one.Severity == DiagnosticSeverity.Error))
            );
    }

    private static Variant Load(MemoryStream assembly)
    {
        assembly.Position = 0;
        return new Variant(assembly);
    }

    private static CSharpCompilation Change(
        CSharpCompilation compilation,
        Mutant? mutant,
        IEnumerable<Substitution> substitutions
    )
    {
        ILookup<string, Substitution> byFile = substitutions.ToLookup(static one => one.File);
        IEnumerable<string> files = byFile.Select(static file => file.Key);
        foreach (string file in mutant is null ? files : files.Append(mutant.File).Distinct())
        {
            SyntaxTree tree = TreeOf(compilation, file);
            string text = File.ReadAllText(Path.Combine(SourceTree.Root, file));
            if (mutant?.File == file)
                text = mutant.Apply(text); // first: its place is that in the source
            foreach (Substitution substitution in byFile[file])
                text = substitution.Apply(text);
            compilation = compilation.ReplaceSyntaxTree(tree, WithFuel(Replace(tree, text)));
        }

        return compilation;
    }

    private static CSharpCompilation Parse(Predicate<string> isPart)
    {
        CSharpCompilation compilation = ProjectSources.Compile(
            "FastForward.Variant",
            ["NUnit.Framework"],
            static assembly => !assembly.StartsWith("FastForward", StringComparison.Ordinal),
            s_folders
        );
        compilation = compilation.RemoveSyntaxTrees(compilation.SyntaxTrees.Where(tree => !isPart(tree.FilePath)));
        // Named in a comment of the contracts.
        SyntaxTree stub = CSharpSyntaxTree.ParseText(
            "namespace FastForward.Transport.Transports { }",
            (CSharpParseOptions)compilation.SyntaxTrees[0].Options
        );
        compilation = compilation
            .AddSyntaxTrees(stub)
            .WithOptions(
                compilation
                    .Options.WithOptimizationLevel(OptimizationLevel.Release)
                    .WithNullableContextOptions(NullableContextOptions.Enable)
            );
        foreach (SyntaxTree tree in compilation.SyntaxTrees.Where(static tree => IsSession(tree.FilePath)))
            compilation = compilation.ReplaceSyntaxTree(tree, WithFuel(tree));
        return compilation;
    }

    // The simulator, without tests.
    private static bool IsPart(string file)
    {
        string name = Path.GetFileName(file);
        if (name.EndsWith("Tests.cs", StringComparison.Ordinal) || name == "FileJournal.cs")
            return false;
        if (file.Contains("/FastForward.Tests/Simulation/", StringComparison.Ordinal))
            return !file.Contains("/Variants/", StringComparison.Ordinal)
                || file.Contains("/StandIn/", StringComparison.Ordinal);
        return !file.Contains("/FastForward.Tests/Session/", StringComparison.Ordinal)
            || name.StartsWith("Simulated", StringComparison.Ordinal)
            || name is "EventRecorder.cs" or "DatagramWay.cs";
    }

    private static bool IsPartOrTest(string file) =>
        IsPart(file)
        || (
            file.Contains("/FastForward.Tests/Session/", StringComparison.Ordinal)
            && !Array.Exists(s_otherTests, slow => file.Contains(slow, StringComparison.Ordinal))
        );

    private static bool IsSession(string file) => file.Contains(Session, StringComparison.Ordinal);

    private static SyntaxTree TreeOf(CSharpCompilation compilation, string file) =>
        compilation.SyntaxTrees.Single(tree => tree.FilePath.EndsWith(file, StringComparison.Ordinal));

    private static SyntaxTree Replace(SyntaxTree tree, string text) =>
        CSharpSyntaxTree.ParseText(text, (CSharpParseOptions)tree.Options, tree.FilePath);

    private static SyntaxTree WithFuel(SyntaxTree tree) =>
        IsSession(tree.FilePath)
            ? tree.WithRootAndOptions(new FuelRewriter().Visit(tree.GetRoot()), tree.Options)
            : tree;
}
