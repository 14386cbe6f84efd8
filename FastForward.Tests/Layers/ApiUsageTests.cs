using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FastForward.Tests.Layers;

/// <summary>What is public is used by the host, a sample, a benchmark or a test; else it need not be public.</summary>
[TestFixture]
public sealed class ApiUsageTests
{
    private const string Library = "FastForward.Transport";

    // Containers call these constructors.
    private static readonly string[] s_calledByReflection =
    [
        "FastForward.Transport.DependencyInjection.ForwardHealthCheck.ForwardHealthCheck("
            + "FastForward.Transport.ForwardNode, "
            + "System.Collections.Generic.IEnumerable<FastForward.Transport.Registry.Tarantool.TarantoolRegistry>, "
            + "Microsoft.Extensions.Options.IOptions<FastForward.Transport.DependencyInjection.ForwardServiceOptions>)",
    ];

    [Test]
    public void Every_public_member_is_used_by_the_host_a_sample_a_benchmark_or_a_test()
    {
        CSharpCompilation users = ProjectSources.Compile(
            "FastForward.Tests",
            ["NUnit.Framework"],
            static name =>
                name is Library or "Tarantool.Client" || !name.StartsWith("FastForward", StringComparison.Ordinal),
            "FastForward.Host",
            "FastForward.Benchmarks",
            "FastForward.Tests",
            "samples"
        );
        IAssemblySymbol library = users.SourceModule.ReferencedAssemblySymbols.Single(static assembly =>
            assembly.Name == Library
        );
        HashSet<ISymbol> used = UsedSymbols(users);
        List<string> unused =
        [
            .. PublicTypes(library.GlobalNamespace)
                .SelectMany(static type => Members(type).Prepend(type))
                .Where(symbol => !IsUsed(symbol, used))
                .Select(static symbol => symbol.ToDisplayString())
                .Except(s_calledByReflection)
                .Order(StringComparer.Ordinal),
        ];
        Assert.That(used, Has.Count.GreaterThan(300), "the sources of the users were found");
        Assert.That(string.Join(Environment.NewLine, unused), Is.Empty, $"{unused.Count} unused");
    }

    private static IEnumerable<INamedTypeSymbol> PublicTypes(INamespaceOrTypeSymbol container)
    {
        foreach (INamespaceOrTypeSymbol member in container.GetMembers().OfType<INamespaceOrTypeSymbol>())
        {
            if (member is INamedTypeSymbol { DeclaredAccessibility: Accessibility.Public } type)
                yield return type;
            if (member is INamespaceSymbol or { DeclaredAccessibility: Accessibility.Public })
            {
                foreach (INamedTypeSymbol nested in PublicTypes(member))
                    yield return nested;
            }
        }
    }

    // Without what the compiler writes: accessors, and the members of records that make them values.
    private static IEnumerable<ISymbol> Members(INamedTypeSymbol type) =>
        type.GetMembers()
            .Where(member =>
                member.DeclaredAccessibility
                    is Accessibility.Public
                        or Accessibility.Protected
                        or Accessibility.ProtectedOrInternal
                && member is not INamedTypeSymbol
                && !member.IsOverride
                && type.TypeKind is not (TypeKind.Enum or TypeKind.Delegate)
                && member is not IMethodSymbol { AssociatedSymbol: not null }
                && !(IsRecord(type) && IsWrittenByTheCompiler(member))
                && member is not IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator or MethodKind.Conversion }
                && member is not IMethodSymbol { Name: nameof(Equals) }
                && member is not IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.Length: 0 }
            );

    // What a compiled record struct was is seen by the method that only records have.
    private static bool IsRecord(INamedTypeSymbol type) => type.IsRecord || !type.GetMembers("PrintMembers").IsEmpty;

    private static bool IsWrittenByTheCompiler(ISymbol member) =>
        member is IMethodSymbol { MethodKind: MethodKind.Constructor }
        || member.Name is "Deconstruct" or "EqualityContract" or "PrintMembers"
        || member.Name.StartsWith('<');

    private static bool IsUsed(ISymbol symbol, HashSet<ISymbol> used) =>
        used.Contains(symbol)
        || symbol is INamedTypeSymbol type && (type.GetMembers().Any(used.Contains) || IsBase(type, used))
        || symbol.ContainingType is { } containing
            && containing
                .AllInterfaces.SelectMany(static contract => contract.GetMembers())
                .Any(member =>
                    SymbolEqualityComparer.Default.Equals(
                        containing.FindImplementationForInterfaceMember(member),
                        symbol
                    )
                );

    private static bool IsBase(INamedTypeSymbol type, HashSet<ISymbol> used) =>
        used.OfType<INamedTypeSymbol>()
            .Any(other => SymbolEqualityComparer.Default.Equals(other.BaseType?.OriginalDefinition, type));

    private static HashSet<ISymbol> UsedSymbols(CSharpCompilation users)
    {
        HashSet<ISymbol> used = new(SymbolEqualityComparer.Default);
        foreach (SyntaxTree tree in users.SyntaxTrees)
        {
            SemanticModel model = users.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                if (node is BaseTypeDeclarationSyntax declaration)
                    AddImplemented(used, model.GetDeclaredSymbol(declaration));
                else if (node is SimpleNameSyntax or BaseObjectCreationExpressionSyntax or ConstructorInitializerSyntax)
                    Add(used, model.GetSymbolInfo(node));
            }
        }

        return used;
    }

    private static void Add(HashSet<ISymbol> used, SymbolInfo info)
    {
        foreach (ISymbol symbol in info.Symbol is { } found ? [found] : info.CandidateSymbols)
        {
            if (symbol is IAliasSymbol { Target: var target })
                used.Add(target);
            used.Add(symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol.OriginalDefinition);
        }
    }

    // Whoever implements an interface of the library, or overrides a member of a class of it, uses it.
    private static void AddImplemented(HashSet<ISymbol> used, INamedTypeSymbol? type)
    {
        foreach (INamedTypeSymbol contract in type?.AllInterfaces ?? [])
        {
            foreach (ISymbol member in contract.GetMembers())
            {
                if (type?.FindImplementationForInterfaceMember(member) is not null)
                    used.Add(member.OriginalDefinition);
            }
        }

        foreach (ISymbol member in type?.GetMembers() ?? [])
        {
            ISymbol? overridden = member switch
            {
                IMethodSymbol method => method.OverriddenMethod,
                IPropertySymbol property => property.OverriddenProperty,
                _ => null,
            };
            if (overridden is not null)
                used.Add(overridden.OriginalDefinition);
        }
    }
}
