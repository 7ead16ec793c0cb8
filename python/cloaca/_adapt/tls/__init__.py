"""``ssl``: TLS of Node with the classes of the standard library, and certificate checks as in OpenSSL.

The code runs in the process of an interpreter, and uses the sockets of ``_adapt.sockets``.
"""
