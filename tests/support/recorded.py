"""A session of an emulated gateway that keeps every request as it came over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from heatpump_twin.drivers.modbus.emulator.emulated_session import Received, Session, TcpSession

READS = {1, 2, 3, 4}


@dataclass
class RecordedSession:
    """Passes everything on to another session."""

    inner: Session = field(default_factory=TcpSession)
    requests: list[Received] = field(default_factory=list)
    silent_about: int | None = None
    """A function code that is never answered."""

    @property
    def tells_absence(self) -> bool:
        return self.inner.tells_absence

    @property
    def patience(self) -> float:
        return self.inner.patience

    def take(self, buffer: bytearray) -> Received | None:
        request = self.inner.take(buffer)
        if request is None:
            return None
        self.requests.append(request)
        return request if request.pdu[0] != self.silent_about else self.take(buffer)

    def pack(self, request: Received, pdu: bytes) -> bytes:
        return self.inner.pack(request, pdu)

    @property
    def functions(self) -> set[int]:
        """The function codes that were used."""
        return {request.pdu[0] for request in self.requests}
