using System.Security.Cryptography;

namespace FastForward.Tests.Compatibility;

/// <summary>The golden frames of candidate 1 are frozen: what is new gets frames of its own beside them.</summary>
internal sealed class FrozenFramesTests
{
    [TestCase("version1.txt", "f137f9feb350823cd123f93b0bb261b72a8641171c9c4a23b9469ebe91c414d1")]
    [TestCase("version1.fields.txt", "746557e37617cfc9dcb107a2f55a26311cb257665fcb4b319429a4a8d66bc1d6")]
    public void The_frames_of_candidate_1_are_what_they_were(string file, string hash)
    {
        byte[] content = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Session", "Golden", file));
        Assert.That(
            Convert.ToHexStringLower(SHA256.HashData(content)),
            Is.EqualTo(hash),
            "a node of candidate 1 would not understand other frames: put new ones into another file"
        );
    }
}
