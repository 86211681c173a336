"""Measurement: what is counted and timed of a model, on a split and while it trains."""
