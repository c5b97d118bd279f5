"""The study database: opening it, locks, retries, the persisted schema and requeueing."""
