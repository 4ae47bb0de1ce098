"""Sweeps: isolated jobs that can be resumed and are compared at the end."""
