using System.Text.Json.Serialization;
using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>The JSON forms that <c>ping</c>, <c>stat</c> and <c>health</c> print, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(PingLine))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(HostLine))]
internal sealed partial class MonitoringJson : JsonSerializerContext;
