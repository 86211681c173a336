"""studies measures: it trains recipes, times and weighs them, records what happened, and has no opinions."""
