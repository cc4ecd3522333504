"""Ways from the Earth to lunar orbits: launch, transfer, capture, orbit changes."""
