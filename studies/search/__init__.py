"""Search: opening, race, confirmation and the compression study; what trials cost and which of them go on."""
