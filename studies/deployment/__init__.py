"""Deployment: a trained model as one ONNX file, and the bytes, latency and quality of that file."""
