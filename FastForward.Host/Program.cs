using FastForward.Host;
using FastForward.Host.Commands;
using FastForward.Host.Running;

if (OperatingSystem.IsLinux() && !OpenFiles.Suffice())
    return ExitCode.Unavailable;
return HostCommandLine.Run(args);
