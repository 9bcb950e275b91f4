"""Ports of this machine, for tests that listen."""

from socket import socket


def free_port() -> int:
    """A port that nobody listens on."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
        return number
