"""Stands in for the function of ``psutil`` that the suite of anyio uses: psutil is native code."""


def net_if_addrs():
    return {}
