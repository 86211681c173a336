"""Weights of a trained model: which can be pruned, their masks, their grids and their sensitivity."""
