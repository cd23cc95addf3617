"""Who is there: the identities that write to us, the persons behind them, and their sessions (R54)."""
