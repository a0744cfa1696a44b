"""BLAKE2 as it is in Python itself: `hashlib` would load OpenSSL first, a tenth of a small plan's time."""

try:
    from _blake2 import blake2b
except ImportError:  # a Python that is built another way
    from hashlib import blake2b

__all__ = ["blake2b"]
