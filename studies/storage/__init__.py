"""Storage: a home of studies, each a journal with its manifest, and the locks around it."""
