"""Settings that contradict each other, in every mode."""

from __future__ import annotations

from service.settings import Settings

_LOOPBACK = "TAXIWAY_LISTEN must have a loopback host (127.0.0.1, [::1] or localhost) without TLS"


def contradictions(given: Settings) -> list[str]:
    """Which settings do not go together, a sentence each."""
    certificate, key = given.tls_cert_file is not None, given.tls_key_file is not None
    authority, apart = given.tls_client_ca_file is not None, given.mtls_listen is not None
    wrong = [
        (certificate != key, "TAXIWAY_TLS_CERT_FILE and TAXIWAY_TLS_KEY_FILE come together: set both, or none."),
        (
            authority and not certificate,
            "TAXIWAY_TLS_CLIENT_CA_FILE needs TAXIWAY_TLS_CERT_FILE and TAXIWAY_TLS_KEY_FILE: "
            "callers show certificates over TLS alone.",
        ),
        (
            apart and not authority,
            "TAXIWAY_MTLS_LISTEN needs TAXIWAY_TLS_CLIENT_CA_FILE: nobody's certificate could be verified there.",
        ),
        (
            given.mtls_listen == given.listen and given.listen.port != 0,
            "TAXIWAY_MTLS_LISTEN and TAXIWAY_LISTEN must be two addresses: callers are asked for certificates on one.",
        ),
        (
            given.argon2_memory < 8 * given.argon2_parallelism,
            "TAXIWAY_ARGON2_MEMORY must be at least 8 KiB for each lane of TAXIWAY_ARGON2_PARALLELISM.",
        ),
        (
            is_plaintext(given) and not given.allow_plaintext and given.mode == "development",
            f"{_LOOPBACK}: bearer tokens would cross the network in the clear; set TAXIWAY_TLS_CERT_FILE and "
            "TAXIWAY_TLS_KEY_FILE, or TAXIWAY_ALLOW_PLAINTEXT=true.",
        ),
    ]
    return [sentence for is_wrong, sentence in wrong if is_wrong]


def is_plaintext(given: Settings) -> bool:
    """Whether another machine could read what callers send."""
    return given.tls_cert_file is None and not given.listen.is_loopback
