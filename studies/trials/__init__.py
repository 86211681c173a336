"""Trials: one trains in a worker, from its task to its record; and what is kept of it beside the journal."""
