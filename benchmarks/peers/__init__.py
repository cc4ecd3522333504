"""Independent programs that fly the package's force model on identical inputs.

Every adapter takes a `PeerModel` (constants, Stokes coefficients, ephemeris and orientation files) and answers
``fly(model, states, epochs, duration, tolerance)`` with the final states. Nothing here imports `cislunar`, except
`ours`, which turns the same `PeerModel` into the package's own force model.
"""
