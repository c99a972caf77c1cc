"""What a page of a feed is to what was published before: changes, gaps, dead letters, the next cursor. Pure."""
