"""Trace codes that somebody scans: whose they are, and the record of the look-up (3.4, 4.3.3, 7.6)."""
