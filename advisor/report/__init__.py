"""Report: a recommendation in words, for a terminal and in Markdown."""
