"""Adoptions in tenders, the points they are booked for, and customers' words (8.2, 8.5)."""
