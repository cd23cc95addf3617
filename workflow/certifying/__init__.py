"""Certificates and the public register (7.5(1), 7.6, 9, Appendix B)."""
