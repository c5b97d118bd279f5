"""Copies of studies and comparisons in MLflow; the only room that imports mlflow."""
