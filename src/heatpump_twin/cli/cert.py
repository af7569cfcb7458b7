"""``hptwin cert``: list, trust and reject OPC UA client certificates, and renew our own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.options import DataOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.safekeeping.command_audit import audited
from heatpump_twin.server.security.pki import CertificateEntry, Pki
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

command = typer.Typer(add_completion=False, help="OPC UA certificates.", no_args_is_help=True)
out = Console()

_SHOWN = 16
"""Digits of a thumbprint that are enough to name it."""


def _pki(data: Path | None) -> Pki:
    return Pki(DataDirectory.open(data).pki, SystemClock())


def _say(verb: str, entry: CertificateEntry) -> None:
    out.print(f"{verb} {entry.thumbprint[:_SHOWN]} {entry.uri}", highlight=False, markup=False)


@command.command("list")
def list_certificates(data: DataOption = None) -> None:
    """List trusted and rejected client certificates, and where our own is."""
    pki = _pki(data)
    table = Table("thumbprint", "state", "application", "subject", "expires")
    for entry in pki.list():
        state = "trusted" if entry.trusted else "rejected"
        table.add_row(
            entry.thumbprint[:_SHOWN], state, entry.uri, entry.subject, f"{entry.expires:%Y-%m-%d}"
        )
    out.print(table)
    out.print(f"own: {pki.own_certificate}", highlight=False, soft_wrap=True)


@command.command()
def trust(
    which: Annotated[str, typer.Argument(help="Certificate file, or thumbprint.")],
    data: DataOption = None,
) -> None:
    """Trust a client: a certificate file, or a rejected one by its thumbprint's first digits."""
    with audited(DataDirectory.open(data), AuditKind.CERTIFICATE, which, "certificate trusted"):
        entry = _pki(data).trust(which)
    _say("trusted", entry)


@command.command()
def reject(
    which: Annotated[str, typer.Argument(help="Thumbprint.")], data: DataOption = None
) -> None:
    """No longer trust a client."""
    with audited(DataDirectory.open(data), AuditKind.CERTIFICATE, which, "certificate rejected"):
        entry = _pki(data).reject(which)
    _say("rejected", entry)


@command.command()
def renew(data: DataOption = None) -> None:
    """Have the twin make a new certificate and key at its next start."""
    pki = _pki(data)
    # Only removed: the twin makes both at its start, when it knows its host names; and a running
    # one goes on with what it has loaded.
    with audited(DataDirectory.open(data), AuditKind.CERTIFICATE, "own", "own one removed"):
        for path in (pki.own_certificate, pki.own_key):
            path.unlink(missing_ok=True)
    out.print(
        "the twin makes a new certificate when it starts; clients that pinned the old one "
        "have to be told",
        highlight=False,
    )
