"""Adapters: one outside system per module, wire payload to domain event."""
