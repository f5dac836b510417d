"""A trained model used and exported."""
