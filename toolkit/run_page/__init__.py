"""The report of a run for people: report.html, made from the facts that run.json holds."""
