"""Prediction of rows in a file: read a block at a time, predicted, and written with a column more."""
