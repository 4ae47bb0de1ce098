"""Profile CSV files, and draft a first contract from the profile."""
