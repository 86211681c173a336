"""Explanations: what a choice, a rule or a word of an answer is, as text, read off the things themselves."""
