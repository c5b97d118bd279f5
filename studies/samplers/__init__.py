"""What proposes configurations, and which curves are stopped early."""
