"""What is said of packages that a script lacks: which to install, and how. Runs in an interpreter's process."""
