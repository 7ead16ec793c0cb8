"""``signal``: handlers, masks, alarms and interval timers.

The code runs in the process of an interpreter, whose control thread receives the signals and keeps the timers.
"""
