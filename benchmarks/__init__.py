"""Benchmarks: ours against what a user would have otherwise, the same work in the same run. Results: RESULTS.md."""
