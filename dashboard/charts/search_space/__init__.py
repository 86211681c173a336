"""Figures of the searched settings: one, two or all of them against quality, and what they are worth."""
