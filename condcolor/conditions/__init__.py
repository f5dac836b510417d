"""What can be asked for: attributes and their values, colors, color specs, palette files."""
