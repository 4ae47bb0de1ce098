"""Rendering shared by the HTML pages and the terminal output."""
