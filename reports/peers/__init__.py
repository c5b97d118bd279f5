"""The report of the benchmarks against other libraries."""
