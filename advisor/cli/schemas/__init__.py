"""Schemas: what each command prints with `--json`, as JSON Schema made from the types of the code."""
