"""Generate a seeded feed of realistic dirty sales data, with a ledger of the injected faults."""
