"""The world outside: adapters for the ports that workflow states."""
