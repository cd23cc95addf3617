"""What is handed in: kept, looked at by machine, and what the codes on it prove (3.4, 4.2.2, 7.2)."""
