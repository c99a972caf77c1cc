"""Recordings: real pages, kept without secrets and on request without people, and the events that they gave. Pure."""
