"""How fast this machine trains and colors: `python -m benchmarks.speed`."""
