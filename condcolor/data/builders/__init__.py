"""Ready-made data sets: drawn or downloaded."""
