"""Measurements of speed and accuracy: each runs the package and a peer on the same work, in one process."""
