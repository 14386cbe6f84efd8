Console.Error.WriteLine("FastForward.Host: not wired yet");
return 1;
