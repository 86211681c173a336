"""Compression: what passes see of a model, the one deployed file, what is measured on it, and the study over the passes.

distil -> prune -> fine-tune -> quantize; any stage may be none. Bytes, latency and quality are those of the deployed ONNX file in
ONNX Runtime, whatever made it, so that every technique is measured on the same thing.
"""
