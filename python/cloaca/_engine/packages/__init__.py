"""Advice on packages that a script lacks: which to install, and how. The code runs in an interpreter's process."""
