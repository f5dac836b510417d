"""What can be asked for: attributes, values, colors."""
