using System.Runtime.Loader;
using FastForward.Tests.Layers;
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
    private const string Session = "FastForward.Transport/Session/";

    private static readonly string[] s_folders =
    [
        "FastForward.Transport/Contracts",
        "FastForward.Transport/Buffers",
        "FastForward.Transport/Session",
        "FastForward.Tests/Traffic",
        "FastForward.Tests/Session",
        "FastForward.Tests/Simulation",
    ];

    private static readonly Lazy<CSharpCompilation> s_whole = new(Parse);

    private readonly Func<ulong, int, int, (long, (ulong, string)[])> _find;

    private Variant(Stream assembly)
    {
        // It stays loaded: the runtime does not unload types with thread statics reliably.
        Type sweep = new AssemblyLoadContext("variant")
            .LoadFromStream(assembly)
            .GetType(typeof(Sweep).FullName!, throwOnError: true)!;
        _find = sweep.GetMethod(nameof(Sweep.Find))!.CreateDelegate<Func<ulong, int, int, (long, (ulong, string)[])>>();
    }

    /// <summary>Compiles it.</summary>
    public static Variant Build(IEnumerable<Substitution> substitutions)
    {
        CSharpCompilation compilation = s_whole.Value;
        foreach (IGrouping<string, Substitution> file in substitutions.GroupBy(static one => one.File))
        {
            SyntaxTree tree = TreeOf(compilation, file.Key);
            string text = File.ReadAllText(Path.Combine(SourceTree.Root, file.Key));
            foreach (Substitution substitution in file)
                text = substitution.Apply(text);
            compilation = compilation.ReplaceSyntaxTree(tree, WithFuel(Replace(tree, text)));
        }

        return Load(compilation);
    }

    /// <summary>Compiles it with another tree in place of one of the session.</summary>
    /// <returns>Null when that is no program.</returns>
    public static Variant? TryBuild(SyntaxTree tree, SyntaxNode root)
    {
        SyntaxTree changed = WithFuel(tree.WithRootAndOptions(root, tree.Options));
        CSharpCompilation compilation = s_whole.Value.ReplaceSyntaxTree(TreeOf(s_whole.Value, tree.FilePath), changed);
        using MemoryStream assembly = new();
        return compilation.Emit(assembly).Success ? Load(compilation) : null;
    }

    /// <summary>Runs worlds of consecutive seeds.</summary>
    public (Mark Marks, (ulong Seed, string Text)[] Failed) Find(ulong first, int count, int stopAfter)
    {
        (long marks, (ulong, string)[] failed) = _find(first, count, stopAfter);
        return ((Mark)marks, failed);
    }

    private static Variant Load(CSharpCompilation compilation)
    {
        using MemoryStream assembly = new();
        EmitResult result = compilation.Emit(assembly);
        if (!result.Success)
            throw new InvalidOperationException(
                string.Join('\n', result.Diagnostics.Where(static one => one.Severity == DiagnosticSeverity.Error))
            );
        assembly.Position = 0;
        return new Variant(assembly);
    }

    private static CSharpCompilation Parse()
    {
        CSharpCompilation compilation = ProjectSources.Compile(
            "FastForward.Variant",
            ["NUnit.Framework"],
            static assembly => !assembly.StartsWith("FastForward", StringComparison.Ordinal),
            s_folders
        );
        compilation = compilation.RemoveSyntaxTrees(
            compilation.SyntaxTrees.Where(static tree => !IsPart(tree.FilePath))
        );
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
            return !file.Contains("/Variants/", StringComparison.Ordinal);
        return !file.Contains("/FastForward.Tests/Session/", StringComparison.Ordinal)
            || name.StartsWith("Simulated", StringComparison.Ordinal)
            || name is "EventRecorder.cs" or "DatagramWay.cs";
    }

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
