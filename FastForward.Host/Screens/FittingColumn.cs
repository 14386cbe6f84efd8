namespace FastForward.Host.Screens;

/// <summary>A column of a <see cref="FittingTable"/>.</summary>
/// <param name="Head">Its head.</param>
/// <param name="Rank">Where there is no room, the column of the highest rank is left out first; 0 never.</param>
/// <param name="IsText">Aligned to the left, and broken between words when nothing else helps.</param>
internal readonly record struct FittingColumn(string Head, int Rank, bool IsText = false);
