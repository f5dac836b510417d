"""The process and its disk: files written whole, messages, memory, signals, devices, ranks."""
