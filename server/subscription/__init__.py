"""Subscriptions, their monitored items and event filters."""
