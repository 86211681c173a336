"""Patience with workers: how often one may end under a trial, and how long one that is asked to stop has."""

from __future__ import annotations

from typing import Final

ATTEMPTS: Final = 2
"""Workers that may end under a trial; what ended the first may have been no fault of the trial's."""
LOOK_SECONDS: Final = 0.25
"""Between two looks whether the user wants to stop."""
BY_FORCE: Final = f"the whole search ended by force while it trained, {ATTEMPTS} times"
"""What is said of a recipe that is not tried again for that."""
