"""Adoptions in tenders, the points they earn, and customers' words (8.2, 8.5)."""
