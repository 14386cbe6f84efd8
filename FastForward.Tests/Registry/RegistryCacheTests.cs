using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Tests.Registry;

/// <summary>The file that keeps the last good rows.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RegistryCacheTests : IDisposable
{
    private static readonly RouteRow s_override = new(250012, 7, TransportKind.VSocket, "42", 54012);
    private static readonly RouteRow s_node = new(250013, 0, TransportKind.Ip, "nöde \"q\".example.net", 54013);

    private readonly TemporaryDirectory _directory = new();

    private string File => Path.Combine(_directory.Path, "250011.routes");

    public void Dispose() => _directory.Dispose();

    [Test]
    public void What_is_written_is_read([Values] bool hasVersion)
    {
        RegistryVersion? version = hasVersion
            ? new RegistryVersion(
                Guid.NewGuid(),
                [KeyValuePair.Create(1u, ulong.MaxValue), KeyValuePair.Create(3u, 5ul)]
            )
            : null;
        RegistryCache.Write(File, new RegistryCache.Content(version, [s_override], [s_node]));
        RegistryCache.Write(File, new RegistryCache.Content(version, [s_override], [s_node]));
        RegistryCache.Content? read = RegistryCache.Read(File, out string? problem);
        Assert.That(problem, Is.Null);
        Assert.That(read!.Overridden, Is.EqualTo(new[] { s_override }));
        Assert.That(read.Nodes, Is.EqualTo(new[] { s_node }));
        Assert.That(read.Version?.Registry, Is.EqualTo(version?.Registry));
        Assert.That(read.Version?.Clock, Is.EqualTo(version?.Clock));
        Assert.That(Directory.GetFiles(_directory.Path), Is.EqualTo(new[] { File }), "nothing is left beside it");
        Assert.That(System.IO.File.GetUnixFileMode(File), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void No_file_is_no_problem()
    {
        Assert.That(RegistryCache.Read(File, out string? problem), Is.Null);
        Assert.That(problem, Is.Null);
    }

    [TestCase("", "input does not contain any JSON")]
    [TestCase("{", "Expected depth")]
    [TestCase("[]", "requires an element of type 'Object'")]
    [TestCase("{}", "key was not present")]
    [TestCase("""{"format":2}""", "it is of another version of this program")]
    [TestCase("""{"format":1,"OverriddenNodes":[[1]],"Nodes":[]}""", "a row has 1 fields")]
    [TestCase("""{"format":1,"OverriddenNodes":[["1",0,"IP","",9]],"Nodes":[]}""", "type 'Number'")]
    [TestCase("""{"format":1,"OverriddenNodes":[[1,0,"TCP","",9]],"Nodes":[]}""", "the transport type 'TCP'")]
    [TestCase("""{"format":1,"registry":"x","vclock":[],"OverriddenNodes":[],"Nodes":[]}""", "format")]
    public void A_damaged_file_is_named_and_not_used(string text, string problem)
    {
        System.IO.File.WriteAllText(File, text);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.That(RegistryCache.Read(File, out string? found), Is.Null);
        Assert.That(found, Does.Contain(problem).IgnoreCase);
    }

    [Test]
    public void A_file_that_others_may_write_is_not_used()
    {
        RegistryCache.Write(File, new RegistryCache.Content(null, [s_override], []));
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Assert.That(RegistryCache.Read(File, out string? problem), Is.Null);
        Assert.That(problem, Does.Contain("others than its owner may write it"));
    }

    [Test]
    public async Task A_registry_starts_with_the_rows_of_its_cache()
    {
        RegistryVersion version = new(Guid.NewGuid(), [KeyValuePair.Create(1u, 12ul)]);
        RegistryCache.Write(File, new RegistryCache.Content(version, [s_override], [s_node]));
        await using TarantoolRegistry registry = new(
            new TarantoolRegistryOptions { Servers = ["unix/:/nowhere"], CacheFile = File }
        );
        Assert.That(registry.Sources.Select(static source => source.Table), Is.Ordered);
        Assert.That(
            registry.Sources.SelectMany(static source => source.Rows),
            Is.EqualTo(new[] { s_override, s_node })
        );
        RegistryStatus status = registry.Status;
        Assert.That(status.Source, Is.EqualTo(File));
        Assert.That(status.IsConfirmed, Is.False);
        Assert.That(status.Writes, Is.EqualTo(12));
        Assert.That(status.Problem, Does.Contain($"the last good rows, of {File}, are in use"));
    }

    [Test]
    public async Task A_cache_that_cannot_be_written_is_told_once()
    {
        List<string> problems = [];
        Directory.CreateDirectory(File + ".new/x");
        TaskCompletionSource first = new();
        await using (
            CacheWriter writer = new(
                File,
                () =>
                {
                    first.TrySetResult();
                    return new RegistryCache.Content(null, [s_override], []);
                },
                problems.Add
            )
        )
        {
            writer.Write();
            await first.Task;
            writer.Write();
        }

        Assert.That(problems, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_newest_content_is_written_in_the_end()
    {
        int port = 0;
        int reads = 0;
        await using (CacheWriter writer = new(File, Read, static problem => Assert.Fail(problem)))
        {
            for (port = 1; port < 100; port++)
                writer.Write();
            writer.Write();
        }

        Assert.That(RegistryCache.Read(File, out _)!.Overridden.Single().Port, Is.EqualTo(100));
        Assert.That(reads, Is.LessThan(20), "what changes fast is not written each time");

        RegistryCache.Content Read()
        {
            reads++;
            return new RegistryCache.Content(null, [s_override with { Port = port }], []);
        }
    }
}
