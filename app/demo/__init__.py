"""The invented firm that the demonstration plays (样例): what it is, what it makes, and all that it hands in."""
