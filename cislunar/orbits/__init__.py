"""Orbits as people state them: elements, the frames of elements, and histories of elements."""
