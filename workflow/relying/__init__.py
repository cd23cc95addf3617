"""For those who rely on a grade: procurement, partners, watchers, webhooks (8.3, 10.2–10.4)."""
