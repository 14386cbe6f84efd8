namespace FastForward.Tests.Session.Wireshark;

/// <summary>Tests that read captures by <c>tshark</c>.</summary>
public abstract class TsharkFixture
{
    private Tshark? _tshark;

    private protected Tshark Tshark => _tshark!;

    [OneTimeSetUp]
    public void Start() => _tshark = new Tshark();

    [OneTimeTearDown]
    public void Stop() => _tshark?.Dispose();
}
