"""Replaces the part of ``cryptography`` that the test suite of httpx uses."""
