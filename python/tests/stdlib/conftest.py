"""Fixtures of several test files."""

import socket

import pytest


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right
