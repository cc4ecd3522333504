"""Independent programs that fly the package's force model on identical inputs.

Every adapter is made from a `PeerModel` (constants, Stokes coefficients, ephemeris and orientation files) and
a span of epochs, and answers ``fly(states, epochs, duration)`` with the final states. Nothing here imports
`cislunar`, except `ours`, which turns the same `PeerModel` into the package's own force model.
"""
