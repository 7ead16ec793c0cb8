"""Calls in a process of CPython: their threads, event loops and waits, and how a call is stopped."""
