global using FastForward.Tests.Support;
