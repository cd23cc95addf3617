"""From an application to a published grade: materials, verification, grading, publicity (7.1–7.5)."""
