"""Benchmarks: ours against what a user would have otherwise, in the same run. Results: RESULTS.md."""
