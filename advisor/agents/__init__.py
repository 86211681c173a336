"""Agents: what programs may ask for over the Model Context Protocol, and the processes that they start."""
