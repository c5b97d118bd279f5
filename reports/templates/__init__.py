"""Jinja2 templates, style and script of the pages; a package so that an installed copy carries them."""
