"""How we show it: self-contained HTML pages drawn from stored records alone."""
