"""Widgets: what several pages share, and the choices that a page keeps in its address."""
