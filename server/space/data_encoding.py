"""The data encoding that clients ask for (OPC 10000-4, 7.29): there is the binary one alone."""

from __future__ import annotations

from asyncua import ua

OFFERED = (None, "", "Default Binary")
KNOWN = ("Default XML", "Default JSON")


def encoding_problem(encoding: ua.QualifiedName, attribute: int = ua.AttributeIds.Value) -> int:
    """Return the code of what is wrong with an encoding; 0: nothing."""
    if encoding.Name and attribute != ua.AttributeIds.Value:
        return int(ua.StatusCodes.BadDataEncodingInvalid)
    if encoding.Name in OFFERED:
        return 0
    if encoding.Name in KNOWN:
        return int(ua.StatusCodes.BadDataEncodingUnsupported)
    return int(ua.StatusCodes.BadDataEncodingInvalid)
