"""Records of plain values: all that reports and trackers get, and their JSON."""
