"""MLflow: a mirror of the journal, written in batches and never read back for a decision."""
