"""A seeded feed of realistic dirty sales data, and the ledger of the faults that were put in."""
