"""``ssl``: TLS by Node, behind the classes of the standard library, with certificates checked as OpenSSL does.

Runs in an interpreter's process, over the sockets of ``_adapt.sockets``.
"""
