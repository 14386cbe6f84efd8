using BenchmarkDotNet.Running;
using FastForward.Benchmarks.Suites;

if (args is ["suites", .. string[] suites]) return SuitesCommand.Run(suites);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
