"""advisor decides: which optimizer and recipe to train with, why, and how sure it is."""
