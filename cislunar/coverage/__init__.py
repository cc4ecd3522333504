"""Visibility, access intervals, gaps, eclipses and maps: see `access`, `eclipses`, `series` and `maps`."""
