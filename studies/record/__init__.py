"""Plain values: all that reports and trackers get to see."""
