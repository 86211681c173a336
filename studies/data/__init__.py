"""Data: a dataset opened, split, encoded as float32, and handed out as tensors."""
