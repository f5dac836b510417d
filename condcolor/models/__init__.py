"""Networks, codecs and losses; model folders and checkpoints."""
