"""Environment: what a machine, its Python and its packages are, as `advisor doctor` tells it."""
