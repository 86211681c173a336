"""One file a page: layout and words, no arithmetic. Each has `show(home, name)`."""
