namespace FastForward.Benchmarks.LossyVoice;

/// <summary>A message as the receiving program got it. Times are in nanoseconds on one clock.</summary>
internal readonly record struct Delivery(int Stream, long Number, long Due, long Arrival);
