"""How people are told: once, when it disturbs nobody, by the cheapest way that will arrive (8.1(2))."""
