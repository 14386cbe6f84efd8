using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FastForward.Tests.Layers;

/// <summary>The source of a project, compiled in memory far enough to know what each name means.</summary>
internal static class ProjectSources
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions s_options = new(
        LanguageVersion.Preview,
        DocumentationMode.None,
        preprocessorSymbols: ["NET", "NET10_0", "NET10_0_OR_GREATER"]
    );

    /// <summary>Compiles the sources of folders of the repository together.</summary>
    /// <param name="assemblyName">The name of the assembly, which decides what internals it sees.</param>
    /// <param name="globalUsings">Namespaces that the project files import.</param>
    /// <param name="isReference">Which of the assemblies of this process it may use.</param>
    /// <param name="folders">The folders, relative to the root of the repository.</param>
    public static CSharpCompilation Compile(
        string assemblyName,
        IEnumerable<string> globalUsings,
        Predicate<string> isReference,
        params IEnumerable<string> folders
    )
    {
        string usings = ImplicitUsings + string.Concat(globalUsings.Select(static name => $"\nglobal using {name};"));
        List<SyntaxTree> trees = [CSharpSyntaxTree.ParseText(usings, s_options)];
        foreach (string file in folders.SelectMany(Files))
            trees.Add(CSharpSyntaxTree.ParseText(File.ReadAllText(file), s_options, file));
        return CSharpCompilation.Create(
            assemblyName,
            trees,
            References(isReference),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                allowUnsafe: true,
                metadataImportOptions: MetadataImportOptions.All
            )
        );
    }

    /// <summary>The source files of a folder, without what the build generates.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(SourceTree.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(static file =>
                !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
            )
            .Order(StringComparer.Ordinal);

    private static ImmutableArray<MetadataReference> References(Predicate<string> isReference)
    {
        string assemblies = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return
        [
            .. assemblies
                .Split(Path.PathSeparator)
                .Where(file => isReference(Path.GetFileNameWithoutExtension(file)))
                .Select(static file => MetadataReference.CreateFromFile(file)),
        ];
    }
}
