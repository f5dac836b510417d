"""A training run on disk, and what is shown of it."""
