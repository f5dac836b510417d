"""A trained model used: by torch, by ONNX Runtime, and exported."""
