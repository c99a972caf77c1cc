"""All that this worker does for one account: its turns, its budget, its failures, and what is told of it."""
