"""Trade studies: many scenarios as one batch, a store that loses nothing, and what the results mean."""
