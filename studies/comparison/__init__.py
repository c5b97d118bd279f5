"""Comparison of tuned models on the sealed test: refits, metrics, significance, and overlap of their lists."""
