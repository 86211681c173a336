"""Switch of an option: on, off, or auto, which leaves it to a measurement."""

from __future__ import annotations

from typing import Final

AUTO: Final = "auto"
ON: Final = "on"
OFF: Final = "off"
SWITCHES: Final = (AUTO, ON, OFF)
