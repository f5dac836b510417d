"""The process and its disk: files, messages, memory, signals, devices, ranks."""
