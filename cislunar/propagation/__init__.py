"""The vectorized core: forces, integrator, dense output, `Trajectory`."""
