"""Sources of runs, one file each: see `advisor.jobs.runs.source`."""
