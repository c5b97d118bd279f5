"""One search space a model, every range with its source."""
