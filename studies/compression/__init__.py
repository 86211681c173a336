"""Compression: making a trained model small, and what is measured on the file that is deployed.

distil -> prune -> fine-tune -> quantize; any stage may be none. Bytes, latency and quality are those of the
deployed ONNX file in ONNX Runtime, whatever made it, so that every technique is measured on the same thing.
"""
