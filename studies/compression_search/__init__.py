"""Compression search: the study that prunes, quantizes and distils the models of a search's finalists."""
