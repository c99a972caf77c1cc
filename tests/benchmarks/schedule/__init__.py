"""The schedule against other policies on synthetic workloads: delay at an equal budget, and decisions per second."""
