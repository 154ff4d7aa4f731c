"""Filling a store with an installation of any size, through the product's own commands and insert statements."""
