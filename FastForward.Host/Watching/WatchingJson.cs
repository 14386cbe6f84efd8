using System.Text.Json.Serialization;
using FastForward.Host.Control;

namespace FastForward.Host.Watching;

/// <summary>The JSON forms that <c>ping</c> and <c>stat</c> print, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PingLine))]
[JsonSerializable(typeof(NodeReport))]
internal sealed partial class WatchingJson : JsonSerializerContext;
