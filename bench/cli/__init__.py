"""The command line: options made from dataclasses, TOML files of options, errors in one line, tables, progress."""
