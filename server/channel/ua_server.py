"""The server and its endpoints: security policies, modes and user tokens (OPC 10000-4, 7.14)."""

from __future__ import annotations

import errno

from asyncua import Server, ua
from asyncua.common.connection import TransportLimits
from asyncua.crypto import security_policies, uacrypto

from heatpump_twin.config.settings import OpcUaSettings
from heatpump_twin.server import limits
from heatpump_twin.server.channel.connection import ConnectionServer
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.errors import EndpointInUseError
from heatpump_twin.server.security.certificates import ApplicationIdentity

NONE = security_policies.SecurityPolicyNone
POLICIES = (
    (security_policies.SecurityPolicyAes256Sha256RsaPss, 30),
    (security_policies.SecurityPolicyAes128Sha256RsaOaep, 20),
    (security_policies.SecurityPolicyBasic256Sha256, 10),
)
"""Security policies with their share of an endpoint's SecurityLevel, the strongest first."""

MODES = ((ua.MessageSecurityMode.SignAndEncrypt, 5), (ua.MessageSecurityMode.Sign, 0))
TRANSPORT = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
PRODUCT_URI = "urn:heatpump-twin"


class UaServer(Server):
    """The OPC UA server: asyncua's, with our endpoints and connections."""

    iserver: TwinInternalServer

    def __init__(
        self,
        iserver: TwinInternalServer,
        settings: OpcUaSettings,
        uri: str,
        identity: ApplicationIdentity,
    ) -> None:
        super().__init__(iserver=iserver)
        self._settings = settings
        self._identity = identity
        self._application_uri = uri
        self.product_uri = PRODUCT_URI
        self.name = "heatpump-twin"
        self.manufacturer_name = "The heatpump-twin developers"
        self.application_type = ua.ApplicationType.Server
        self.limits: TransportLimits = limits.transport_limits()
        self.set_endpoint(settings.public_url)
        self._show(identity)

    @property
    def identity(self) -> ApplicationIdentity:
        """The certificate, with its key, that new connections get to see."""
        return self._identity

    # In place of asyncua's own, which always makes its own listener and processor.
    async def start(self) -> None:
        """Offer the endpoints and listen on TCP, or raise `EndpointInUseError`."""
        policies = self._offer_endpoints()
        await self.iserver.start()
        listener = ConnectionServer(
            self.iserver, self._settings.host, self._settings.port, self.limits
        )
        listener.set_policies(policies)
        try:
            await listener.start()
        except OSError as error:
            await self.iserver.stop()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                raise
            raise EndpointInUseError(
                f"{self._settings.host}:{self._settings.port} (opcua.port) cannot be used: "
                f"{error.strerror}; choose another with --set opcua.port=PORT"
            ) from error
        self.bserver = listener

    def take(self, identity: ApplicationIdentity) -> None:
        """Show another certificate from the next connection on; the present ones keep theirs."""
        self._identity = identity
        self._show(identity)
        self.iserver.endpoints.clear()
        policies = self._offer_endpoints()
        if self.bserver is not None:
            self.bserver.set_policies(policies)

    def _show(self, identity: ApplicationIdentity) -> None:
        self.iserver.certificate = identity.certificate
        self.iserver.private_key = identity.key

    def _offer_endpoints(self) -> list[security_policies.SecurityPolicyFactory]:
        """Publish the endpoints; return the policies with which a channel can be opened."""
        own = (self._identity.certificate, self._identity.key)
        # Everybody may ask over None which endpoints there are, also where None is not one.
        factories = [
            security_policies.SecurityPolicyFactory(NONE, ua.MessageSecurityMode.None_, own[0])
        ]
        for policy, strength in POLICIES:
            for mode, extra in MODES:
                self.iserver.add_endpoint(self._endpoint(policy, mode, strength + extra))
                factories.append(security_policies.SecurityPolicyFactory(policy, mode, *own))
        if self.iserver.offers_none:
            self.iserver.add_endpoint(self._endpoint(NONE, ua.MessageSecurityMode.None_, 0))
        return factories

    def _endpoint(
        self,
        policy: type[security_policies.SecurityPolicy],
        mode: ua.MessageSecurityMode,
        level: int,
    ) -> ua.EndpointDescription:
        tokens = []
        if self._settings.reads_anonymously:
            tokens.append(_token("anonymous", ua.UserTokenType.Anonymous))
        if mode is not ua.MessageSecurityMode.None_:
            # The password is encrypted for itself, also on a channel that is only signed.
            tokens.append(_token("username", ua.UserTokenType.UserName, policy.URI))
        application = ua.ApplicationDescription()
        application.ApplicationName = ua.LocalizedText(self.name, "en")
        application.ApplicationUri = self._application_uri
        application.ApplicationType = self.application_type
        application.ProductUri = self.product_uri
        application.DiscoveryUrls = [self._settings.public_url]
        endpoint = ua.EndpointDescription()
        endpoint.EndpointUrl = self._settings.public_url
        endpoint.Server = application
        endpoint.ServerCertificate = uacrypto.der_from_x509(self._identity.certificate)
        endpoint.SecurityMode = mode
        endpoint.SecurityPolicyUri = policy.URI
        endpoint.UserIdentityTokens = tokens
        endpoint.TransportProfileUri = TRANSPORT
        endpoint.SecurityLevel = ua.Byte(level)
        return endpoint


def _token(name: str, kind: ua.UserTokenType, policy_uri: str = "") -> ua.UserTokenPolicy:
    token = ua.UserTokenPolicy()
    token.PolicyId = name
    token.TokenType = kind
    token.SecurityPolicyUri = policy_uri or NONE.URI
    return token
