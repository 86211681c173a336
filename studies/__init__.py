"""studies measures: it trains recipes, times and weighs them, and records what happened. It has no opinions."""
