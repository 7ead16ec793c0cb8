"""``hashlib``: the digests and the keys of passwords that CPython takes from OpenSSL, by Node's.

Runs in an interpreter's process.
"""
