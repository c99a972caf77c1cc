"""Which feed next, under a budget of requests. Pure."""
