using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FastForward.Tests.Layers;

/// <summary>
/// The layers of FastForward.Transport are its folders. What each one uses stands in docs/architecture.md; here it is
/// compared with what the source uses, name by name.
/// </summary>
[TestFixture]
public sealed class LayerTests
{
    private const string Project = "FastForward.Transport";

    // Public types that users name daily are in the root namespace, wherever their layer is.
    private static readonly string[] s_layersInRoot = ["Contracts", "Keys", "Node", "Async", "Hosting"];

    private readonly LayerTable _table = LayerTable.Read();

    [Test]
    public void Every_folder_is_a_layer_of_the_document_and_every_layer_is_a_folder()
    {
        Assert.That(_table.Names, Is.Not.Empty.And.Unique);
        string[] folders =
        [
            .. ProjectSources.Files(Project).Select(FolderOf).Where(static folder => folder.Length > 0).Distinct(),
        ];
        Assert.That(folders.Where(folder => _table.LayerOf(folder) is null), Is.Empty, "folders without a layer");
        Assert.That(_table.Names.Except(folders.Select(_table.LayerOf)), Is.Empty, "layers without a folder");
    }

    [Test]
    public void A_layer_uses_only_layers_above_it_in_the_table_so_there_is_no_circle()
    {
        List<string> order = [.. _table.Names];
        Assert.That(
            _table.Arrows().Where(arrow => order.IndexOf(arrow.To) >= order.IndexOf(arrow.From)),
            Is.Empty,
            "arrows to unknown or later layers"
        );
    }

    [Test]
    public void The_source_uses_exactly_what_the_document_says()
    {
        CSharpCompilation project = ProjectSources.Compile(
            Project,
            [],
            static name => !name.StartsWith("FastForward", StringComparison.Ordinal),
            Project
        );
        SortedDictionary<(string From, string To), string> used = Uses(project);
        HashSet<(string From, string To)> allowed = [.. _table.Arrows()];
        Assert.That(
            used.Where(use => !allowed.Contains(use.Key)).Select(static use => $"{use.Key}: {use.Value}"),
            Is.Empty,
            "arrows that docs/architecture.md does not have"
        );
        Assert.That(allowed.Except(used.Keys), Is.Empty, "arrows of docs/architecture.md that do not exist");
    }

    [Test]
    public void A_namespace_is_that_of_its_folder_or_the_root_for_public_types_of_every_day()
    {
        List<string> wrong = [];
        foreach (string file in ProjectSources.Files(Project))
        {
            string folder = FolderOf(file);
            if (CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot() is not CompilationUnitSyntax unit)
                continue;
            if (unit.Members.OfType<BaseNamespaceDeclarationSyntax>().SingleOrDefault() is not { } declared)
                continue;
            string name = declared.Name.ToString();
            bool isPublic = declared
                .Members.OfType<MemberDeclarationSyntax>()
                .Any(static member => member.Modifiers.Any(SyntaxKind.PublicKeyword));
            bool isRight =
                name == $"{Project}.{folder.Replace('/', '.')}" && folder != "Contracts"
                || name == Project && (folder == "Contracts" || (isPublic && s_layersInRoot.Contains(RootOf(folder))))
                || name == "Microsoft.Extensions.DependencyInjection" && folder == "DependencyInjection";
            if (!isRight)
                wrong.Add($"{folder}: {Path.GetFileName(file)} is in {name}");
        }

        Assert.That(wrong, Is.Empty);
    }

    private SortedDictionary<(string From, string To), string> Uses(CSharpCompilation project)
    {
        SortedDictionary<(string From, string To), string> uses = [];
        foreach (SyntaxTree tree in project.SyntaxTrees)
        {
            if (_table.LayerOf(FolderOf(tree.FilePath)) is not { } from)
                continue;
            SemanticModel model = project.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null)
                    continue;
                SymbolInfo info = model.GetSymbolInfo(name);
                foreach (ISymbol symbol in info.Symbol is { } found ? [found] : info.CandidateSymbols)
                {
                    if (LayerOf(symbol) is { } to && to != from)
                        uses.TryAdd((from, to), $"{FolderOf(tree.FilePath)}/{Path.GetFileName(tree.FilePath)}: {name}");
                }
            }
        }

        return uses;
    }

    private string? LayerOf(ISymbol symbol)
    {
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        return type?.DeclaringSyntaxReferences is [{ SyntaxTree.FilePath: var file }, ..]
            ? _table.LayerOf(FolderOf(file))
            : null;
    }

    private static string RootOf(string folder) => folder.Split('/')[0];

    private static string FolderOf(string file) =>
        file.Length == 0
            ? ""
            : Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(SourceTree.Root, Project), file)) ?? "";
}
