using System.Security.Cryptography;
using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

[TestFixture(CipherSuite.AesGcm)]
[TestFixture(CipherSuite.ChaChaPoly)]
internal sealed class NoiseHandshakeTests(CipherSuite suite)
{
    private static readonly byte[] s_psk = Convert.FromHexString(NoiseVectors.Psk);
    private static readonly byte[] s_prologue = Convert.FromHexString(NoiseVectors.Prologue);

    [OneTimeSetUp]
    public void CheckSupport() => SuiteSupport.Require(suite);

    [Test]
    public void The_vectors_are_reproduced_by_both_sides()
    {
        using NoiseHandshake initiator = Initiator();
        using NoiseHandshake responder = Responder();
        byte[][] payloads = [.. NoiseVectors.Payloads.Select(Convert.FromHexString)];
        string[] messages = NoiseVectors.Messages(suite);
        byte[] first = Write(initiator, payloads[0]);
        Assert.That(Convert.ToHexStringLower(first), Is.EqualTo(messages[0]));
        Assert.That(Read(responder, first), Is.EqualTo(payloads[0]));
        byte[] second = Write(responder, payloads[1]);
        Assert.That(Convert.ToHexStringLower(second), Is.EqualTo(messages[1]));
        Assert.That(Read(initiator, second), Is.EqualTo(payloads[1]));
        Assert.That(initiator.IsComplete && responder.IsComplete);
        Assert.That(Convert.ToHexStringLower(initiator.Hash), Is.EqualTo(NoiseVectors.Hash(suite)));
        Assert.That(Convert.ToHexStringLower(responder.Hash), Is.EqualTo(NoiseVectors.Hash(suite)));

        initiator.Split(out AeadKey initiatorSends, out AeadKey initiatorReceives);
        responder.Split(out AeadKey responderSends, out AeadKey responderReceives);
        using (initiatorSends)
        using (initiatorReceives)
        using (responderSends)
        using (responderReceives)
        {
            for (int i = 2; i < messages.Length; i++)
            {
                (AeadKey send, AeadKey receive) =
                    i % 2 == 0 ? (initiatorSends, responderReceives) : (responderSends, initiatorReceives);
                ulong nonce = (ulong)(i / 2 - 1);
                byte[] text = [.. payloads[i]];
                byte[] tag = new byte[AeadKey.TagLength];
                send.Seal(text, tag, [], nonce);
                Assert.That(Convert.ToHexStringLower([.. text, .. tag]), Is.EqualTo(messages[i]));
                Assert.That(receive.TryOpen(text, tag, [], nonce));
                Assert.That(text, Is.EqualTo(payloads[i]));
            }
        }
    }

    [Test]
    public void A_message_in_which_any_bit_differs_is_refused_and_the_right_one_is_still_taken()
    {
        using NoiseHandshake initiator = Initiator();
        using NoiseHandshake responder = Responder();
        byte[] first = Write(initiator, "first"u8);
        RefuseEachChange(responder, first);
        Assert.That(Read(responder, first), Is.EqualTo("first"u8.ToArray()));
        byte[] second = Write(responder, "second"u8);
        RefuseEachChange(initiator, second);
        Assert.That(Read(initiator, second), Is.EqualTo("second"u8.ToArray()));
        Assert.That(initiator.Hash.SequenceEqual(responder.Hash));
    }

    [Test]
    public void A_message_of_any_other_length_is_refused([Values(0, 1, 31, 32, 47, 48, 52, 54, 1200)] int length)
    {
        using NoiseHandshake initiator = Initiator();
        using NoiseHandshake responder = Responder();
        byte[] message = Write(initiator, "first"u8);
        Array.Resize(ref message, length);
        Assert.That(responder.TryReadMessage(message, new byte[2000], out int read), Is.False);
        Assert.That(read, Is.Zero);
    }

    [Test]
    public void Another_psk_prologue_or_suite_is_refused()
    {
        using NoiseHandshake initiator = Initiator();
        byte[] message = Write(initiator, []);
        byte[] psk = [.. s_psk];
        psk[31] ^= 1;
        byte[] prologue = [.. s_prologue];
        prologue[0] ^= 1;
        CipherSuite another = suite == CipherSuite.AesGcm ? CipherSuite.ChaChaPoly : CipherSuite.AesGcm;
        using NoiseHandshake otherPsk = new(suite, false, psk, s_prologue, RandomKey());
        using NoiseHandshake otherPrologue = new(suite, false, s_psk, prologue, RandomKey());
        Assert.That(otherPsk.TryReadMessage(message, [], out _), Is.False);
        Assert.That(otherPrologue.TryReadMessage(message, [], out _), Is.False);
        if (!AeadKey.IsSupported(another))
            return;
        using NoiseHandshake otherSuite = new(another, false, s_psk, s_prologue, RandomKey());
        Assert.That(otherSuite.TryReadMessage(message, [], out _), Is.False);
    }

    [Test]
    public void A_public_key_without_a_secret_is_refused_by_the_responder_although_the_psk_is_right()
    {
        using NoiseHandshake responder = Responder();
        byte[] message = WriteWithoutSecret("payload"u8);
        byte[] payload = new byte[7];
        Assert.That(responder.TryReadMessage(message, payload, out _), Is.False);
        Assert.That(payload, Is.EqualTo(new byte[7]));
        using NoiseHandshake initiator = Initiator();
        Assert.That(Read(responder, Write(initiator, "first"u8)), Is.EqualTo("first"u8.ToArray()));
    }

    [Test]
    public void A_public_key_without_a_secret_is_refused_by_the_initiator()
    {
        using NoiseHandshake initiator = Initiator();
        Write(initiator, []);
        Assert.That(initiator.TryReadMessage(new byte[NoiseHandshake.Overhead], [], out _), Is.False);
    }

    [Test]
    public void The_same_first_message_read_twice_makes_two_handshakes_with_different_keys()
    {
        using NoiseHandshake initiator = Initiator();
        using NoiseHandshake one = Responder();
        using NoiseHandshake two = new(suite, false, s_psk, s_prologue, RandomKey());
        byte[] message = Write(initiator, []);
        Assert.That(Read(one, message), Is.Empty);
        Assert.That(Read(two, message), Is.Empty);
        byte[] answer = Write(one, []);
        byte[] other = Write(two, []);
        Assert.That(other, Is.Not.EqualTo(answer));
        Assert.That(Read(initiator, other), Is.Empty);
        Assert.That(initiator.Hash.SequenceEqual(two.Hash));
        Assert.That(initiator.Hash.SequenceEqual(one.Hash), Is.False);
    }

    [Test]
    public void Messages_out_of_turn_are_refused()
    {
        using NoiseHandshake initiator = Initiator();
        using NoiseHandshake responder = Responder();
        Assert.That(() => Write(responder, []), Throws.InvalidOperationException);
        Assert.That(initiator.TryReadMessage(new byte[NoiseHandshake.Overhead], [], out _), Is.False);
        byte[] first = Write(initiator, []);
        Assert.That(() => Write(initiator, []), Throws.InvalidOperationException);
        Assert.That(() => initiator.Split(out _, out _), Throws.InvalidOperationException);
        Read(responder, first);
        Assert.That(responder.TryReadMessage(first, [], out _), Is.False);
        Read(initiator, Write(responder, []));
        Assert.That(() => Write(responder, []), Throws.InvalidOperationException);
        Assert.That(initiator.TryReadMessage(first, [], out _), Is.False);
        initiator.Split(out AeadKey send, out AeadKey receive);
        send.Dispose();
        receive.Dispose();
        Assert.That(() => initiator.Split(out _, out _), Throws.InvalidOperationException);
    }

    [Test]
    public void Nothing_is_usable_after_disposal()
    {
        NoiseHandshake handshake = Initiator();
        handshake.Dispose();
        handshake.Dispose();
        Assert.That(() => handshake.Hash.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => Write(handshake, []), Throws.TypeOf<ObjectDisposedException>());
    }

    private void RefuseEachChange(NoiseHandshake reader, byte[] message)
    {
        byte[] payload = new byte[message.Length - NoiseHandshake.Overhead];
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            byte[] changed = [.. message];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(reader.TryReadMessage(changed, payload, out _), Is.False, $"{suite}, bit {bit}");
        }
    }

    // What an initiator sends that has the psk and an ephemeral key of small order: computed by the steps of Noise.
    private byte[] WriteWithoutSecret(ReadOnlySpan<byte> payload)
    {
        string name = suite == CipherSuite.AesGcm ? "AESGCM" : "ChaChaPoly";
        using SymmetricState state = new(
            suite,
            System.Text.Encoding.ASCII.GetBytes($"Noise_NNpsk0_25519_{name}_SHA256")
        );
        byte[] message = new byte[payload.Length + NoiseHandshake.Overhead];
        state.MixHash(s_prologue);
        state.MixKeyAndHash(s_psk);
        state.MixHash(message.AsSpan(0, 32));
        state.MixKey(message.AsSpan(0, 32));
        state.EncryptAndHash(payload, message.AsSpan(32));
        return message;
    }

    private NoiseHandshake Initiator() =>
        new(suite, true, s_psk, s_prologue, Convert.FromHexString(NoiseVectors.InitiatorEphemeral));

    private NoiseHandshake Responder() =>
        new(suite, false, s_psk, s_prologue, Convert.FromHexString(NoiseVectors.ResponderEphemeral));

    private static byte[] Write(NoiseHandshake handshake, ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[payload.Length + NoiseHandshake.Overhead + 3];
        return message[..handshake.WriteMessage(payload, message)];
    }

    private static byte[] Read(NoiseHandshake handshake, byte[] message)
    {
        byte[] payload = new byte[message.Length];
        Assert.That(handshake.TryReadMessage(message, payload, out int length));
        return payload[..length];
    }

    private static byte[] RandomKey() => RandomNumberGenerator.GetBytes(KeyAgreement.KeyLength);
}
