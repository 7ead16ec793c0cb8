"""``hashlib``: Node's implementations of the digests and key derivations that CPython takes from OpenSSL.

The code runs in the process of an interpreter.
"""
