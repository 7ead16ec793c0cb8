"""Stands in for the part of ``cryptography`` that the suite of httpx uses."""
