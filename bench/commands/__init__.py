"""The work of each command, in the module of its name, and what several of them share."""
