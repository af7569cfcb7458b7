"""Examine what is secret or trusted: certificates, users, and the models of a site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.safekeeping.finding import Observation, good, look, wrong
from heatpump_twin.server.errors import ServerError
from heatpump_twin.server.security.certificates import is_of_twin
from heatpump_twin.server.security.pki import Pki
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.twin_engine.foresight.model_card import ModelError
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel, find_model

_SOON = timedelta(days=30)


def examine_identity(site: Site, data: DataDirectory, clock: Clock) -> Iterator[Observation]:
    """Yield what is found of certificates, users and models."""
    now = datetime.fromtimestamp(clock.now() / MICROSECONDS, UTC)
    pki = Pki(data.pki, clock)
    yield _own_certificate(pki, now)
    yield _clients(pki, now)
    yield from _users(data)
    yield from _models(site, data)


def _own_certificate(pki: Pki, now: datetime) -> Observation:
    if not pki.own_certificate.exists() and not pki.own_key.exists():
        return look("certificate", "not made yet; the twin makes it at its start")
    try:
        certificate = x509.load_der_x509_certificate(pki.own_certificate.read_bytes())
        key = load_pem_private_key(pki.own_key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        return wrong("certificate", f"{pki.own_certificate} or its key cannot be read: {error}")
    if key.public_key() != certificate.public_key():
        return wrong("certificate", f"{pki.own_key} is not the key of {pki.own_certificate}")
    begins, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    text = f"valid {begins:%Y-%m-%d} to {expires:%Y-%m-%d}"
    if begins <= now < expires - _SOON:
        return good("certificate", text)
    if is_of_twin(certificate):
        return look("certificate", f"{text}; a running twin renews it by itself")
    return (look if begins <= now < expires else wrong)(
        "certificate", f"{text}; it was not made by the twin: replace it"
    )


def _clients(pki: Pki, now: datetime) -> Observation:
    entries = pki.list()
    trusted = [entry for entry in entries if entry.trusted]
    text = f"{len(trusted)} trusted, {len(entries) - len(trusted)} rejected"
    soon = [entry.uri for entry in trusted if entry.expires < now + _SOON]
    if soon:
        return look("client certificates", f"{text}; expired or soon: {', '.join(soon)}")
    return good("client certificates", text)


def _users(data: DataDirectory) -> Iterator[Observation]:
    try:
        users = UserStore(data.users).list()
    except (ServerError, OSError) as error:
        yield wrong("users", str(error))
        return
    administrators = sum(user.role is UserRole.ADMINISTRATOR for user in users)
    text = f"{len(users)}, of them {administrators} administrators"
    yield (good if administrators else look)("users", text)
    if data.initial_password.exists():
        yield look(
            "initial password",
            f"{data.initial_password} is still there: `hptwin user passwd admin`, then delete it",
        )


def _models(site: Site, data: DataDirectory) -> Iterator[Observation]:
    loaded: dict[Path, HeatUpModel] = {}
    for pump in site.heat_pumps:
        try:
            model = find_model(pump, data.models, loaded)
        except ModelError as error:
            yield wrong(f"model of {pump.id}", str(error))
            continue
        if model is None:
            yield good(f"model of {pump.id}", "none")
        else:
            yield good(f"model of {pump.id}", f"{model.card.version}, from {model.card.source}")
