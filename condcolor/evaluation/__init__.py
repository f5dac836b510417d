"""How well a model colors: metrics, and the protocols for sketches and photographs."""
