"""Requests of an account: how fast, when none at all, and the HTTP that carries them."""
