using System.Runtime.ExceptionServices;

namespace FastForward.Transport.Node;

/// <summary>Executes steps that must all be executed, whichever of them fail, and keeps the first exception.</summary>
internal struct FirstFailure
{
    private ExceptionDispatchInfo? _failure;

    public void Catch(Action step)
    {
        try
        {
            step();
        }
#pragma warning disable CA1031 // The first is rethrown by Throw.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        }
    }

    /// <summary>Rethrows the first exception, if there was one.</summary>
    public readonly void Throw() => _failure?.Throw();
}
