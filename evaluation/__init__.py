"""How we measure: interactions, splits, ranks, metrics and their uncertainty."""
