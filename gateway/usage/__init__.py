"""Counts which operations are answered for which clients, and writes that down; off by default."""

from gateway.usage.recorder import UsageRecorder

__all__ = ["UsageRecorder"]
