using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FastForward.Tests.Host.Processes;
using FastForward.Tests.Readme;

namespace FastForward.Tests.Package;

/// <summary>
/// The package as users get it: its contents, and the programs of its README in new projects, hosted, trimmed and
/// compiled ahead of time.
/// </summary>
[TestFixture]
[Category("Package")]
public sealed partial class PackageTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    private PackedFile _package = null!;
    private TemporaryDirectory _project = null!;
    private string _hosting = "";

    [OneTimeSetUp]
    public void Pack()
    {
        _package = new PackedFile(PackedFile.Transport);
        _project = new TemporaryDirectory();
        string path = Path.Combine(PackedFile.Transport, "README.md");
        string readme = File.ReadAllText(Path.Combine(SourceTree.Root, path));
        IReadOnlyList<string> samples = new MarkdownFile(path).Programs;
        Assert.That(samples, Has.Count.EqualTo(2), "a whole program, and how a container adds a node");
        Assert.That(
            samples[0].Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Has.Length.EqualTo(13),
            "the README counts its lines"
        );
        Assert.That(readme, Does.Contain("A whole program in thirteen lines"));
        File.WriteAllText(_project["Program.cs"], samples[0]);
        File.WriteAllText(
            _project["Keys.cs"],
            """
            using System.Runtime.CompilerServices;
            using FastForward.Transport;
            internal static class Keys
            {
                // The checksum of a key is computed by the native library, which has to be there.
                [ModuleInitializer]
                internal static void Write()
                {
                    using ForwardKey key = ForwardKey.Generate(1, 2, 3);
                    ForwardKeyFile.Write(Stream.Null, [key]);
                }
            }
            """
        );
        File.WriteAllText(
            _project["Hosted.cs"],
            $"""
            using FastForward.Transport;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;
            [assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

            {samples[1]}
            app.Build().Run();
            """
        );
        File.WriteAllText(_project["appsettings.json"], Json().Match(readme).Groups[1].Value);
        _hosting = XDocument
            .Load(Path.Combine(SourceTree.Root, "Directory.Packages.props"))
            .Descendants("PackageVersion")
            .Single(static package => package.Attribute("Include")!.Value == "Microsoft.Extensions.Hosting")
            .Attribute("Version")!
            .Value;
        File.WriteAllText(_project["hello.csproj"], Project(""));
        File.WriteAllText(
            _project["hosted.csproj"],
            Project($"""<PackageReference Include="Microsoft.Extensions.Hosting" Version="{_hosting}" />""")
        );
        File.WriteAllText(_project["nuget.config"], _package.Configuration);

        string Project(string reference) =>
            $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <Nullable>enable</Nullable>
                    <InvariantGlobalization>true</InvariantGlobalization>
                    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                    <TrimmerSingleWarn>false</TrimmerSingleWarn>
                    <NuGetAudit>false</NuGetAudit>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="{PackedFile.Transport}" Version="{_package.Version}" />
                    {reference}
                  </ItemGroup>
                </Project>
                """;
    }

    [OneTimeTearDown]
    public void CleanUp()
    {
        _project?.Dispose();
        _package?.Dispose();
    }

    [Test]
    public void The_package_contains_exactly_the_expected_files()
    {
        using ZipArchive archive = ZipFile.OpenRead(_package.File);
        Assert.That(
            archive
                .Entries.Select(static entry => entry.FullName)
                .Where(static name => !name.StartsWith("package/", StringComparison.Ordinal)),
            Is.EquivalentTo(
                new[]
                {
                    "[Content_Types].xml",
                    "_rels/.rels",
                    "FastForward.Transport.nuspec",
                    "README.md",
                    "CHANGELOG.md",
                    "lib/net10.0/FastForward.Transport.dll",
                    "lib/net10.0/FastForward.Transport.xml",
                }
            )
        );
        using Stream nuspec = archive.GetEntry("FastForward.Transport.nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().First();
        XElement Element(string name) => metadata.Elements().Single(element => element.Name.LocalName == name);
        Assert.Multiple(() =>
        {
            Assert.That(Element("license").Attribute("type")!.Value, Is.EqualTo("expression"));
            Assert.That(Element("license").Value, Is.EqualTo("MIT"));
            Assert.That(Element("readme").Value, Is.EqualTo("README.md"));
            Assert.That(Element("projectUrl").Value, Is.EqualTo(PackedFile.ProjectUrl));
            Assert.That(Element("repository").Attribute("url")!.Value, Is.EqualTo(PackedFile.ProjectUrl));
            Assert.That(Element("description").Value, Is.Not.Empty);
            Assert.That(Element("tags").Value, Does.Contain("messaging"));
            Assert.That(
                metadata
                    .Descendants()
                    .Where(static element => element.Name.LocalName == "dependency")
                    .Select(static element => element.Attribute("id")!.Value),
                Is.EquivalentTo(
                    new[]
                    {
                        "libsodium",
                        "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
                        "Microsoft.Extensions.Hosting.Abstractions",
                        "Microsoft.Extensions.Logging.Abstractions",
                        "Microsoft.Extensions.Options",
                        "Tarantool.Client",
                    }
                )
            );
            if (Directory.Exists(Path.Combine(SourceTree.Root, ".git")))
                Assert.That(Element("repository").Attribute("commit")!.Value, Does.Match("^[0-9a-f]{40}$"));
        });
    }

    [Test]
    public void The_symbols_match_the_library()
    {
        using MemoryStream dll = Unpack(_package.File, "lib/net10.0/FastForward.Transport.dll");
        using MemoryStream pdb = Unpack(_package.Symbols, "lib/net10.0/FastForward.Transport.pdb");
        using PEReader library = new(dll);
        CodeViewDebugDirectoryData expected = library.ReadCodeViewDebugDirectoryData(
            library.ReadDebugDirectory().Single(static entry => entry.Type == DebugDirectoryEntryType.CodeView)
        );
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(pdb);
        Assert.That(
            new BlobContentId(provider.GetMetadataReader().DebugMetadataHeader!.Id).Guid,
            Is.EqualTo(expected.Guid)
        );
        Assert.That(
            library.ReadDebugDirectory().Select(static entry => entry.Type),
            Does.Contain(DebugDirectoryEntryType.Reproducible),
            "deterministic"
        );
    }

    [Test]
    public void The_hosted_program_of_the_readme_runs_with_its_configuration()
    {
        string project = NewProject("hosted", [_project["Hosted.cs"], _project["appsettings.json"]], "hosted.csproj");
        PackedFile.Run(project, s_limit, "build", "-c", "Release", "--nologo", "-o", _project["hosted"]);
        using RunningProgram hosted = RunningProgram.StartIn(project, _project["hosted/hosted"]);
        hosted.WaitForLine("Node 2 has started");
        hosted.Signal(RunningProgram.SIGTERM);
        Assert.That(hosted.WaitForExit(), Is.Zero, hosted.Everything);
        Assert.That(hosted.Everything, Does.Not.Contain("fail:").And.Not.Contain("crit:"));
    }

    [Test]
    public void It_runs_trimmed()
    {
        Publish("trimmed", "--self-contained", "-p:PublishTrimmed=true");
        Assert.That(File.Exists(_project["trimmed/libsodium.so"]), "the native library");
        GreetingNodes.Run(_project["trimmed/hello"]);
    }

    [Test]
    public void It_runs_compiled_ahead_of_time()
    {
        Requires.Program("gcc", "gcc");
        if (!File.Exists("/usr/include/zlib.h"))
            TestEnvironment.Missing(
                "zlib.h is not installed (Debian package zlib1g-dev; test.sh installs it): the linker needs zlib."
            );
        Publish("native", "-p:PublishAot=true", "-p:CppCompilerAndLinker=gcc");
        Assert.That(File.Exists(_project["native/hello.dll"]), Is.False, "the output is a native program");
        Assert.That(File.Exists(_project["native/libsodium.so"]), "its native library");
        GreetingNodes.Run(_project["native/hello"]);
    }

    [Test]
    public void A_transport_of_ones_own_links_two_nodes()
    {
        // The sample is part of the solution as well; here it sees the public API of the packed file and nothing else.
        string sample = Path.Combine(SourceTree.Root, "samples", "MemoryTransport");
        string project = NewProject("transport", [.. Directory.GetFiles(sample, "*.cs")], "hosted.csproj");
        PackedFile.Run(project, s_limit, "build", "-c", "Release", "--nologo", "-o", _project["transport"]);
        using RunningProgram program = RunningProgram.Start(_project["transport/hosted"]);
        Assert.That(program.WaitForExit(), Is.Zero, program.Everything);
        Assert.That(
            program.Everything.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Is.EquivalentTo([
                "node 2 to node 3: hello",
                "node 3 to node 2: hello",
                "node 2 to node 3: hello to you",
                "node 3 to node 2: hello to you",
            ])
        );
    }

    private void Publish(string name, params string[] options)
    {
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        PackedFile.Run(
            NewProject(name),
            s_limit,
            ["publish", "-c", "Release", "--nologo", "-r", $"linux-{architecture}", "-o", _project[name], .. options]
        );
    }

    // One project per variant, because their restore results differ; a project compiles all sources below its folder.
    private string NewProject(string name) => NewProject(name, [_project["Program.cs"], _project["Keys.cs"]]);

    private string NewProject(string name, string[] sources, string projectFile = "hello.csproj")
    {
        DirectoryInfo copy = Directory.CreateDirectory(_project[$"source-{name}"]);
        foreach (string file in (string[])[.. sources, _project[projectFile], _project["nuget.config"]])
            File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
        return copy.FullName;
    }

    private static MemoryStream Unpack(string file, string entry)
    {
        using ZipArchive archive = ZipFile.OpenRead(file);
        MemoryStream content = new();
        using Stream stream = archive.GetEntry(entry)!.Open();
        stream.CopyTo(content);
        content.Position = 0;
        return content;
    }

    [GeneratedRegex(@"^```json\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Json();
}
