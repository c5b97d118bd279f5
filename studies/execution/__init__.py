"""Running trials: the loop, the objective, Dask workers and time limits."""
