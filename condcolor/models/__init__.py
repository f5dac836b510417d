"""Networks, codecs, losses; trained models on disk."""
