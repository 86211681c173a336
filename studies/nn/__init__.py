"""Torch modules that models are made of.

They need torch at import, so a model imports them inside `build`.
"""
