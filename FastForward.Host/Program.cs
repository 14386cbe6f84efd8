using FastForward.Host.Commands;

return HostCommandLine.Run(args);
