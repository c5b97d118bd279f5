"""The report of the latency of models."""
