"""How well a model colors."""
