"""``signal``: handlers, masks, alarms and interval timers.

Runs in an interpreter's process; its control thread hears the signals and keeps the timers.
"""
