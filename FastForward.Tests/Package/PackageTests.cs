using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Package;

/// <summary>
/// The package as users get it: its contents, and the program of its README in a new project, which must send and
/// receive, also when trimmed and when compiled ahead of time.
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
        _package = new PackedFile();
        _project = new TemporaryDirectory();
        string readme = File.ReadAllText(Path.Combine(SourceTree.Root, PackedFile.Id, "README.md"));
        string[] samples = [.. Sample().Matches(readme).Select(static match => match.Groups[1].Value)];
        Assert.That(samples, Has.Length.EqualTo(2), "a whole program, and how a container adds a node");
        Assert.That(
            samples[0].Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Has.Length.EqualTo(13),
            "the README counts its lines"
        );
        Assert.That(readme, Does.Contain("A whole program in thirteen lines"));
        File.WriteAllText(_project["Program.cs"], samples[0]);
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
        // Package sources are referenced by key: "nuget.org" is whatever this machine's configuration says.
        File.WriteAllText(
            _project["nuget.config"],
            $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{_package.Feed}" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
                <packageSource key="packed"><package pattern="{PackedFile.Id}" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """
        );

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
                    <PackageReference Include="{PackedFile.Id}" Version="{_package.Version}" />
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
                        "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
                        "Microsoft.Extensions.Hosting.Abstractions",
                        "Microsoft.Extensions.Logging.Abstractions",
                        "Microsoft.Extensions.Options",
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
    public void The_program_of_the_readme_runs_in_a_new_project()
    {
        PackedFile.Run(NewProject("built"), s_limit, "build", "-c", "Release", "--nologo", "-o", _project["built"]);
        TheTwoGreetEachOther(_project["built/hello"]);
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
        TheTwoGreetEachOther(_project["trimmed/hello"]);
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
        Assert.That(File.Exists(_project["native/hello.dll"]), Is.False, "the output is a single native program");
        TheTwoGreetEachOther(_project["native/hello"]);
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
    private string NewProject(string name) => NewProject(name, [_project["Program.cs"]]);

    private string NewProject(string name, string[] sources, string projectFile = "hello.csproj")
    {
        DirectoryInfo copy = Directory.CreateDirectory(_project[$"source-{name}"]);
        foreach (string file in (string[])[.. sources, _project[projectFile], _project["nuget.config"]])
            File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
        return copy.FullName;
    }

    private static void TheTwoGreetEachOther(string program)
    {
        // Random node ids, because the sockets are in the shared /tmp; the two ids differ in the last bit.
        int first = Random.Shared.Next(500, 12_000) * 2,
            second = first + 1;
        using RunningProgram a = RunningProgram.Start(program, $"{first}");
        using RunningProgram b = RunningProgram.Start(program, $"{second}");
        a.WaitForLine($"node {second} says hello, node {first}");
        b.WaitForLine($"node {first} says hello, node {second}");
        foreach (RunningProgram one in new[] { a, b })
        {
            one.Signal(RunningProgram.SIGTERM);
            Assert.That(one.WaitForExit(), Is.Zero, one.Everything);
            Assert.That(one.Everything, Does.Not.Contain("fail:").And.Not.Contain("crit:"));
        }

        foreach (int node in new[] { first, second })
        {
            Assert.That(File.Exists($"/tmp/FastForward.{40_000 + node}.sock"), Is.False, "the socket was removed");
        }
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

    [GeneratedRegex(@"^```csharp\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Sample();
}
