using BenchmarkDotNet.Running;
using FastForward.Benchmarks.CrossProcess.Commands;

if (CrossProcessCommandLine.Handles(args)) return CrossProcessCommandLine.Run(args);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
