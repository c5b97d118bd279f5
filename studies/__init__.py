"""What we search, and the search."""
