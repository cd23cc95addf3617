"""Firms: registered, their members and products; what changes there is judged anew where it counts (3.1, 7.1(1))."""
