"""Search: reference recipes, the race with its sampler and pruner, confirmation, and the compression study."""
