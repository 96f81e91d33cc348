"""Metrics for Prometheus, on a port of their own."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from persistence.database import Database
from service.address import Address
from service.errors import StartupError
from service.interceptors.metrics import CallMetrics
from service.tls import Certificates


class DatabaseMetrics(Collector):
    """What the units of this worker did; read at each scrape."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def collect(self) -> Iterable[Metric]:
        counts = self._db.counts
        yield GaugeMetricFamily("taxiway_db_units_running", "Units of work that run", value=self._db.running)
        yield CounterMetricFamily("taxiway_db_units", "Units of work begun", value=counts.units)
        yield CounterMetricFamily("taxiway_db_retries", "Units run again after a lost race", value=counts.retries)
        yield CounterMetricFamily("taxiway_db_replays", "Answers replayed by request id", value=counts.replays)
        unknown = counts.outcomes_unknown
        yield CounterMetricFamily("taxiway_db_outcomes_unknown", "Connections lost during COMMIT", value=unknown)


class CertificateMetrics(Collector):
    """Which certificate is served, and how often new files were fit for it or not."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    def collect(self) -> Iterable[Metric]:
        taken, refused = self._certificates.taken, self._certificates.refused
        ends = self._certificates.newest().ends.timestamp()
        yield CounterMetricFamily("taxiway_tls_certificates_taken", "Certificates put to use", value=taken)
        yield CounterMetricFamily("taxiway_tls_certificates_refused", "New files that were not fit", value=refused)
        yield GaugeMetricFamily("taxiway_tls_certificate_end_seconds", "When the served one ends", value=ends)


def expose(address: Address, calls: CallMetrics, db: Database, certificates: Certificates | None) -> None:
    """Serves `/metrics` from a thread of its own. Raises StartupError where the port is taken."""
    registry = CollectorRegistry()
    registry.register(calls)
    registry.register(DatabaseMetrics(db))
    if certificates is not None:
        registry.register(CertificateMetrics(certificates))
    try:
        start_http_server(address.port, address.host, registry)
    except OSError as error:
        message = f"TAXIWAY_METRICS_LISTEN: {address} cannot be listened on ({error.strerror}); choose another port."
        raise StartupError(message) from None
