"""Report of a study: all that is known of it on one page, as HTML and Markdown, and its model card."""
