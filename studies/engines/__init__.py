"""Engines: where trials run. Each has three verbs: submit a task, wait for what ended, cancel."""
