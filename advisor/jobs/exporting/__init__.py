"""Export in parts: the script with its data, the model's files, and what is written for a reader."""
