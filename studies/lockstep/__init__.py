"""Lockstep: runs of one model shape, batch size and length that train as one stacked model."""
