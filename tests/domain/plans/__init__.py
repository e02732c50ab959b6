"""Plans: what is planned for an estate, and why."""
