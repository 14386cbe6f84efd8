using BenchmarkDotNet.Running;
using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.Suites;

if (args is ["suites", .. string[] suites])
    return SuitesCommand.Run(suites);
if (CrossProcessCommandLine.Handles(args))
    return CrossProcessCommandLine.Run(args);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
