"""condcolor colours a picture the way you name it."""

__version__ = "0.1.0"
