"""T/ZGJDJX—3—2026 as code: pure, dated, cited. Nothing here knows a database, a clock or a web framework."""
