"""Progress of a search while it runs: a screen that keeps itself up to date, or a line now and then."""
