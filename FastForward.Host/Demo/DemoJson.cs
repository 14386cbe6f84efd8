using System.Text.Json.Serialization;

namespace FastForward.Host.Demo;

/// <summary>The JSON forms of the demo, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(DemoNodeReport))]
internal sealed partial class DemoJson : JsonSerializerContext;
