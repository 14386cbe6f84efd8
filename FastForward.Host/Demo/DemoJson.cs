using System.Text.Json.Serialization;
using FastForward.Host.Demo.Chaos;

namespace FastForward.Host.Demo;

/// <summary>The JSON forms of the demo, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(DemoNodeReport))]
[JsonSerializable(typeof(DeliveryWindow))]
[JsonSerializable(typeof(ChaosDocument))]
internal sealed partial class DemoJson : JsonSerializerContext;
