"""The monthly filing that keeps a certificate alive (8.1, 9.2, Appendix C)."""
