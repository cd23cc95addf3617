"""What is handed in: kept, looked at by machine, and answered (4.2.2, 7.2)."""
