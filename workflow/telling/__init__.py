"""How people are told and reminded: once, by the cheapest way that will arrive (8.1(2))."""
