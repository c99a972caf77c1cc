"""Settings: from a TOML file to frozen, validated records, or to a list of everything that is wrong with it."""
