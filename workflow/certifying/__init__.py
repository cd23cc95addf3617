"""Certificates, the points and months they rest on, the public register; changes are announced (7.5(1), 8.5, 9, B)."""
