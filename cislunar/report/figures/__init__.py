"""One function per figure; each takes a mission result and returns a matplotlib `Figure` of its own."""
