"""Mutation fuzzing of every adapter: pages of the simulator, damaged in bytes and in structure, through the product."""
