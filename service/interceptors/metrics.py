"""What calls cost and how they end, under the names that gRPC dashboards know (go-grpc-middleware)."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.call import Call, Method, Step

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_LABELS = ("grpc_type", "grpc_service", "grpc_method")


class _Series:
    """The numbers of one method: plain integers, since one loop writes them; a scrape reads them as they are."""

    __slots__ = ("buckets", "codes", "labels", "received", "seconds", "sent", "started")

    def __init__(self, method: Method) -> None:
        kinds = {(False, False): "unary", (True, False): "client_stream", (False, True): "server_stream"}
        kind = kinds.get((method.client_streaming, method.server_streaming), "bidi_stream")
        self.labels = (kind, method.service, method.name)
        self.started = self.received = self.sent = 0
        self.seconds = 0.0
        self.codes = {"OK": 0}
        self.buckets = [0] * (len(_BUCKETS) + 1)


class CallMetrics(Collector):
    """The concern that counts, and the collector that a registry scrapes. Every method is there from the start."""

    def __init__(self) -> None:
        self._series: list[_Series] = []

    def __call__(self, method: Method, proceed: Step) -> Step:
        series = _Series(method)
        self._series.append(series)

        async def counted(call: Call) -> bytes | None:
            series.started += 1
            began = time.perf_counter()
            try:
                answer = await proceed(call)
                series.sent += answer is not None
                return answer
            finally:
                spent = time.perf_counter() - began
                series.received += 1
                series.seconds += spent
                series.buckets[bisect_left(_BUCKETS, spent)] += 1
                code = call.code.name
                series.codes[code] = series.codes.get(code, 0) + 1

        return counted

    def collect(self) -> Iterable[Metric]:
        yield _counter("grpc_server_started", "Calls started", ((s.labels, s.started) for s in self._series))
        yield _counter("grpc_server_msg_received", "Messages received", ((s.labels, s.received) for s in self._series))
        yield _counter("grpc_server_msg_sent", "Messages sent", ((s.labels, s.sent) for s in self._series))
        yield self._handled()
        yield self._seconds()

    def _handled(self) -> Metric:
        family = CounterMetricFamily("grpc_server_handled", "Calls ended, by code", labels=[*_LABELS, "grpc_code"])
        for series in self._series:
            for code, count in list(series.codes.items()):
                family.add_metric([*series.labels, code], count)
        return family

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily("grpc_server_handling_seconds", "Time to answer", labels=_LABELS)
        for series in self._series:
            family.add_metric(series.labels, list(_cumulated(series.buckets)), series.seconds)
        return family


def _counter(name: str, text: str, samples: Iterable[tuple[tuple[str, ...], int]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=_LABELS)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _cumulated(buckets: list[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip([*map(str, _BUCKETS), "+Inf"], buckets, strict=True):
        total += count
        yield bound, total
