"""Callbacks of other trainers: what was measured goes to a study, and its word to stop comes back."""
