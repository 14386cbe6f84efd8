using BenchmarkDotNet.Running;
using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.Suites;

if (CrossProcessCommandLine.Handles(args)) return CrossProcessCommandLine.Run(args);
if (args is ["suites", .. string[] suites]) return SuitesCommand.Run(suites);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
