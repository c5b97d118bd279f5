"""Tuned models on the sealed test: refits, what they find, whether it differs, and how much their lists overlap."""
