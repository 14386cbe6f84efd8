using FastForward.Host;

namespace FastForward.Tests.Host;

public sealed class VisibleTextTests
{
    [TestCase("node 25011 -> Köln, 東京 😀", "node 25011 -> Köln, 東京 😀")]
    [TestCase("\e[31m", @"\u001B[31m")]
    [TestCase("a\r\nb\tc\b", @"a\u000D\u000Ab\u0009c\u0008")]
    [TestCase("\u009b2J\u007f", @"\u009B2J\u007F")]
    [TestCase("x\u202ey\u2066z\u200b\ufeff", @"x\u202Ey\u2066z\u200B\uFEFF")]
    [TestCase("\u2028\u2029\u00ad\u3164\ufe0f", @"\u2028\u2029\u00AD\u3164\uFE0F")]
    [TestCase("😀\U000E0041", @"😀\uE0041")]
    public void Only_what_a_terminal_displays_is_left(string text, string visible) =>
        Assert.That(VisibleText.Of(text), Is.EqualTo(visible));

    [Test]
    public void Half_a_character_is_shown_by_its_code() =>
        Assert.That(VisibleText.Of("a\ud800b\ufffd"), Is.EqualTo("a\\uD800b\ufffd"));

    [Test]
    public void A_text_without_them_is_the_same_object()
    {
        string text = new('x', 10);
        Assert.That(VisibleText.Of(text), Is.SameAs(text));
    }
}
