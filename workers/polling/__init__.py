"""Polling: what to read next, what a page means against the cursor, and the HTTP that reads it."""
