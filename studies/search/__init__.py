"""Search: reference recipes, the race with its sampler and pruner, confirmation, the compression study."""
