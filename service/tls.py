"""TLS on the ports: certificates that are exchanged without a restart, and who a verified caller says to be."""

from __future__ import annotations

import re
import threading
import time

import grpc
import structlog
from cryptography import x509

from service import certificates
from service.call import Context
from service.certificates import Certificate, CertificateFiles, Stamp
from service.errors import StartupError

LOOK_AGAIN = 1.0  # seconds until files that were refused are read again though they look the same
URI = re.compile(r"[!-~]{1,512}", re.ASCII)


class Certificates:
    """The newest certificate that is fit for use; asked before each handshake, by threads of gRPC.

    `taken` counts the certificates that were put to use, the first one too; `refused` counts the states of the files
    that were not, each once.
    """

    def __init__(self, files: CertificateFiles) -> None:
        """Raises StartupError, in one sentence, where the files are not fit for use; expired ones get a warning."""
        self._files = files
        self._lock = threading.Lock()
        self._stamp: Stamp = files.stamp()
        self._refused: Stamp | None = None
        self._again = 0.0
        self._newest = certificates.read(files)
        self.taken, self.refused = 1, 0
        outside = self._newest.outside(certificates.now())
        if outside is not None:
            structlog.get_logger("taxiway").warning("certificate is served although it does not hold", reason=outside)

    def newest(self) -> Certificate:
        """The last good one: the same object until the files hold another that is fit for use. Raises nothing."""
        with self._lock:
            stamp = self._files.stamp()
            seen = stamp == self._refused and time.monotonic() < self._again
            if stamp != self._stamp and not seen:
                self._look(stamp)
            return self._newest

    def _look(self, stamp: Stamp) -> None:
        try:
            found = certificates.read(self._files)
            fault = found.outside(certificates.now())
        except StartupError as error:
            self._refuse(stamp, str(error))
            return
        if fault is not None:
            self._refuse(stamp, fault)
        else:
            self._take(stamp, found)

    def _refuse(self, stamp: Stamp, reason: str) -> None:
        """Says so once; files that changed while they were read are looked at again at the next handshake."""
        if self._files.stamp() != stamp:
            return
        if stamp != self._refused:
            self.refused += 1
            structlog.get_logger("taxiway").warning("new certificate refused, the last good one stays", reason=reason)
        self._refused, self._again = stamp, time.monotonic() + LOOK_AGAIN

    def _take(self, stamp: Stamp, found: Certificate) -> None:
        self._stamp, self._refused = stamp, None
        if found == self._newest:  # copied to its place again, or taken while the last of its files was put there
            return
        self._newest = found
        self.taken += 1
        structlog.get_logger("taxiway").info(
            "new certificate taken", serial=f"{found.leaf.serial_number:x}", ends=found.ends.isoformat()
        )


def credentials(source: Certificates, *, require: bool) -> grpc.ServerCredentials:
    """For one port. `require` asks every caller for a certificate of `client_ca`, else no caller is asked for one.

    gRPC in Python knows nothing between the two. Connections that stand keep what they were made with, for as long as
    `grpc.max_connection_age_ms` lets them.
    """
    served = source.newest()

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        nonlocal served
        newest = source.newest()
        if newest is served:
            return None
        served = newest
        return _configuration(served, require=require)

    first = _configuration(served, require=require)
    return grpc.dynamic_ssl_server_credentials(
        first,
        fetch,  # type: ignore[arg-type] # The stubs leave out None, which gRPC documents as `no change`.
        require_client_authentication=require,
    )


def peer_uris(context: Context) -> tuple[str, ...]:
    """The URIs in the subject alternative name of the caller's verified certificate, while it holds; else none.

    gRPC lists them too, as `peer_uri`, but cuts each at a NUL: a certificate for `spiffe://a/b<NUL>c` would pass for
    `spiffe://a/b`. A connection, or a TLS session that is resumed, may outlive its certificate.
    """
    found = context.auth_context()
    pems = list(found.get("x509_pem_cert", ()))
    if list(found.get("transport_security_type", ())) != [b"ssl"] or len(pems) != 1:
        return ()
    return tuple(uri for uri in _uris(pems[0]) if URI.fullmatch(uri))


def _uris(pem: bytes) -> list[str]:
    try:
        leaf = x509.load_pem_x509_certificate(pem)
        if not leaf.not_valid_before_utc <= certificates.now() <= leaf.not_valid_after_utc:
            return []
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return []  # it names nobody, which is for whoever asks to refuse
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def _configuration(served: Certificate, *, require: bool) -> grpc.ServerCertificateConfiguration:
    roots = served.client_ca if require else None
    return grpc.ssl_server_certificate_configuration([(served.key, served.chain)], roots)
