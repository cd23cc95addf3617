"""Settings, logging and the clock: what every room may read."""
