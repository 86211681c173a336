"""Machine: the cores and the memory that this process may use, and what a process takes of them."""
