"""Plans: what a search or a compression is to do, and the recipes that it may try."""
