"""The torch modules that models are made of; they need torch at import, so a model imports them inside `build`."""
