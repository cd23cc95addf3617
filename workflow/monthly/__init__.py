"""The monthly filing that keeps a certificate alive, and its reminders (8.1, 9.2, Appendix C)."""
