"""What conditions of each kind have beyond others: their types and fields (OPC 10000-9, 5.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from asyncua import ua
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.space.event import Fields, Path
from heatpump_twin.server.space.ua_values import node_id_of, standard, text
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmForm
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence

IDS, TYPES = ua.ObjectIds, ua.VariantType
TYPE_NAMES: Mapping[AlarmForm, str] = {
    AlarmForm.ALARM: "RuleAlarmType",
    AlarmForm.EXCLUSIVE_LIMIT: "RuleExclusiveLimitAlarmType",
    AlarmForm.NON_EXCLUSIVE_LIMIT: "RuleNonExclusiveLimitAlarmType",
    AlarmForm.RATE_OF_CHANGE: "RuleRateOfChangeAlarmType",
    AlarmForm.DISCREPANCY: "RuleDiscrepancyAlarmType",
    AlarmForm.OFF_NORMAL: "RuleOffNormalAlarmType",
    AlarmForm.SYSTEM_OFF_NORMAL: "RuleSystemOffNormalAlarmType",
    AlarmForm.CERTIFICATE_EXPIRATION: "RuleCertificateAlarmType",
}
"""Our condition types, as model.yaml names them."""
HIGH, LOW = Text("High", Context.STATES), Text("Low", Context.STATES)
NOT_HIGH, NOT_LOW = Text("Not high", Context.STATES), Text("Not low", Context.STATES)
EXCLUSIVE = (AlarmForm.EXCLUSIVE_LIMIT, AlarmForm.RATE_OF_CHANGE)
STATE_NODES = {
    HIGH: IDS.ExclusiveLimitStateMachineType_High,
    LOW: IDS.ExclusiveLimitStateMachineType_Low,
}


def form_fields(
    alarm: AlarmDefinition,
    occurrence: Occurrence,
    namespace: int,
    certificate: Callable[[], Certificate | None],
) -> Fields:
    """Return the fields that an alarm has because of its kind; ``certificate``: the server's."""
    match alarm.form:
        case AlarmForm.EXCLUSIVE_LIMIT | AlarmForm.RATE_OF_CHANGE:
            return {**_limits(alarm), **_limit_state(alarm, occurrence)}
        case AlarmForm.NON_EXCLUSIVE_LIMIT:
            return {**_limits(alarm), **_limit_states(alarm, occurrence)}
        case AlarmForm.DISCREPANCY:
            target = node_id_of(f"{alarm.asset}.{alarm.target}", namespace)
            return {
                ("TargetValueNode",): ua.Variant(target, TYPES.NodeId),
                ("ExpectedTime",): ua.Variant(alarm.on_delay * 1000, TYPES.Double),
            }
        case AlarmForm.OFF_NORMAL | AlarmForm.SYSTEM_OFF_NORMAL:
            # Null: what is normal is in the rule, and no variable has it (5.8.23.2).
            return {("NormalState",): ua.Variant(ua.NodeId(), TYPES.NodeId)}
        case AlarmForm.CERTIFICATE_EXPIRATION:
            return _expiration(alarm, certificate())
    return {}


def _expiration(alarm: AlarmDefinition, certificate: Certificate | None) -> Fields:
    """Return the fields of a certificate that ends (5.8.24.7); null while there is none."""
    expires, der = ua.Variant(), ua.Variant()
    if certificate is not None:
        expires = ua.Variant(certificate.not_valid_after_utc.replace(tzinfo=None), TYPES.DateTime)
        der = ua.Variant(certificate.public_bytes(Encoding.DER), TYPES.ByteString)
    # The limit of the rule, which goes by hours before the end.
    limit = (alarm.low_limit or 0.0) * 3600 * 1000
    kind = standard(IDS.RsaSha256ApplicationCertificateType)
    return {
        ("NormalState",): ua.Variant(ua.NodeId(), TYPES.NodeId),
        ("ExpirationDate",): expires,
        ("ExpirationLimit",): ua.Variant(limit, TYPES.Double),
        ("CertificateType",): ua.Variant(kind, TYPES.NodeId),
        ("Certificate",): der,
    }


def limit_name(alarm: AlarmDefinition, occurrence: Occurrence) -> Text | None:
    """Return which limit the value of an active occurrence is beyond; None: not known."""
    if not occurrence.active or alarm.form not in EXCLUSIVE:
        return None
    if alarm.low_limit is None or alarm.high_limit is None:
        return HIGH if alarm.low_limit is None else LOW
    if occurrence.value is None:
        return None
    return LOW if occurrence.limit == alarm.low_limit else HIGH


def _limits(alarm: AlarmDefinition) -> Fields:
    limits = {"LowLimit": alarm.low_limit, "HighLimit": alarm.high_limit}
    return {(n,): ua.Variant(v, TYPES.Double) for n, v in limits.items() if v is not None}


def _limit_state(alarm: AlarmDefinition, occurrence: Occurrence) -> Fields:
    # Null while it is not active: then it is in none of the states (5.8.18.3).
    name = limit_name(alarm, occurrence)
    current = ua.Variant() if name is None else ua.Variant(text(name), TYPES.LocalizedText)
    node = ua.NodeId() if name is None else standard(STATE_NODES[name])
    return {
        ("LimitState", "CurrentState"): current,
        ("LimitState", "CurrentState", "Id"): ua.Variant(node, TYPES.NodeId),
    }


def _limit_states(alarm: AlarmDefinition, occurrence: Occurrence) -> Fields:
    value = occurrence.turned_value
    found: dict[Path, ua.Variant] = {}
    for name, names, limit, sign in (
        ("HighState", (NOT_HIGH, HIGH), alarm.high_limit, 1),
        ("LowState", (NOT_LOW, LOW), alarm.low_limit, -1),
    ):
        if limit is not None:
            beyond = value is not None and sign * value >= sign * limit
            on = occurrence.active and beyond
            found[(name,)] = ua.Variant(text(names[on]), TYPES.LocalizedText)
            found[(name, "Id")] = ua.Variant(on, TYPES.Boolean)
    return found
