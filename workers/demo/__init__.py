"""The demo: the whole product on one machine, watched by a judge that knows nothing of how it works."""
