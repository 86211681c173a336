"""Proposals: the search space as rows of numbers, and a Gaussian process that says where most is expected."""
