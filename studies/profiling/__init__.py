"""Profile: facts about data and model, and the memory forecast, before any trial."""
