"""Errors of the server room; their messages are sentences for a person.

The tree::

    ServerError
    ├── EndpointInUseError   the endpoint's TCP port is taken
    ├── NodesetError         a nodeset cannot be loaded
    ├── CertificateError     a certificate cannot be used, or is not there
    └── UserError            a user or a password cannot be used, or is not there
"""

from __future__ import annotations


class ServerError(Exception):
    """The root of the server's errors; the message says what is wrong, where, and what to do."""


class EndpointInUseError(ServerError):
    """The endpoint's TCP port is taken."""


class NodesetError(ServerError):
    """A nodeset cannot be loaded."""


class CertificateError(ServerError):
    """A certificate cannot be used, or is not there."""


class UserError(ServerError):
    """A user or a password cannot be used, or is not there."""
