"""Where data comes from: one module a source, each writing a folder that can be trained on."""
