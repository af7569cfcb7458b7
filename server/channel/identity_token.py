"""The user identity token of ActivateSession: anonymous or user name (OPC 10000-4, 7.40)."""

from __future__ import annotations

import hmac
import struct

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.security_policies import Cryptography, SecurityPolicy

LENGTH = struct.Struct("<I")


def is_anonymous(token: object) -> bool:
    """Tell whether a user identity token is anonymous; an empty one is (5.7.3)."""
    if isinstance(token, ua.AnonymousIdentityToken):
        return True
    return token is None or (isinstance(token, ua.ExtensionObject) and token.TypeId.is_null())


def decrypted_password(
    token: ua.UserNameIdentityToken, policy: SecurityPolicy, nonce: bytes | None
) -> str:
    """Return the password of a token that was made for this channel and this nonce (7.40.2.2)."""
    cryptography = policy.asymmetric_cryptography
    decryptor = cryptography.Decryptor if isinstance(cryptography, Cryptography) else None
    if decryptor is None or not policy.AsymmetricEncryptionURI:
        raise ServiceError(ua.StatusCodes.BadIdentityTokenRejected)
    # The algorithm is the policy's, never the client's choice: no downgrade.
    known = token.EncryptionAlgorithm == policy.AsymmetricEncryptionURI
    if not (known and token.Password and nonce):
        raise ServiceError(ua.StatusCodes.BadIdentityTokenInvalid)
    try:
        plain: bytes = decryptor.decrypt(token.Password)
        (length,) = LENGTH.unpack_from(plain)
        secret = plain[LENGTH.size : LENGTH.size + length]
        password, proof = secret[: -len(nonce)], secret[-len(nonce) :]
        # Without the nonce's check a recorded token could be sent again.
        if not hmac.compare_digest(proof, nonce):
            raise ServiceError(ua.StatusCodes.BadIdentityTokenInvalid)
        return password.decode("utf-8")
    # One status for all: who can tell bad padding from bad content can find the password.
    except (ValueError, struct.error) as error:
        raise ServiceError(ua.StatusCodes.BadIdentityTokenInvalid) from error
