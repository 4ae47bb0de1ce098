"""Sweeps: jobs that cannot disturb each other, resumed where they ended, compared at the end."""
