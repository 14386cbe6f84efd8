using System.Globalization;
using System.Net;

namespace FastForward.Tests.Lab;

/// <summary>
/// Two network namespaces joined by a veth pair with an MTU for each end. A packet above the MTU of its sender is
/// refused at once (EMSGSIZE); one above that of its receiver vanishes without a word.
/// </summary>
internal sealed class NarrowPath : IDisposable
{
    public static readonly IPAddress NearAddress = IPAddress.Parse("10.97.0.1");
    public static readonly IPAddress FarAddress = IPAddress.Parse("10.97.0.2");

    private readonly string _near = $"ff-near-{Environment.ProcessId}";
    private readonly string _far = $"ff-far-{Environment.ProcessId}";

    public NarrowPath(int nearMtu, int farMtu)
    {
        Requires.Namespaces();
        Ip($"netns add {_near}");
        Ip($"netns add {_far}");
        Ip($"-netns {_near} link add path type veth peer name path netns {_far}");
        foreach ((string space, IPAddress address) in new[] { (_near, NearAddress), (_far, FarAddress) })
        {
            Ip($"-netns {space} address add {address}/24 dev path");
            Ip($"-netns {space} link set lo up");
            Ip($"-netns {space} link set path up");
        }

        SetMtu(nearMtu, farMtu);
    }

    public void SetMtu(int near, int far)
    {
        Ip(string.Create(CultureInfo.InvariantCulture, $"-netns {_near} link set path mtu {near}"));
        Ip(string.Create(CultureInfo.InvariantCulture, $"-netns {_far} link set path mtu {far}"));
    }

    public T AtNear<T>(Func<T> action) => LossyPath.In(_near, action);

    public T AtFar<T>(Func<T> action) => LossyPath.In(_far, action);

    public void Dispose()
    {
        Ip($"netns delete {_near}");
        Ip($"netns delete {_far}");
    }

    private static void Ip(string arguments) => LabProgram.Run("ip", arguments.Split(' '));
}
