"""Decision: from evidence to a recommendation. Pure functions: no torch, no storage, no clock."""
