"""Analysis: what pages and plots show beyond the answer, computed from the records."""
