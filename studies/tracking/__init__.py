"""Copies of studies and comparisons in MLflow; the only package that imports mlflow."""
