"""Training functions of the user's own: searched, run and paused like our training loop."""
