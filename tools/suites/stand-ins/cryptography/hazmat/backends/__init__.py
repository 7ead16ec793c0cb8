"""Stands in for the part of ``cryptography`` that the suite of httpx uses."""


def default_backend():
    return None
