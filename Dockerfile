# No image could be built where this file was written. What a test can hold without one is held by tests/packaging:
# each COPY finds its source, and the last command runs from the wheels in an empty environment, without a home.
# Pin both bases by digest where you build; the tag is the same, so that Python has one path in both stages.
FROM python:3.11-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements-build.lock requirements-image.lock ./
# The environment of the service has no pip in it: the build's own pip fills it.
RUN python -m venv --without-pip /opt/taxiway \
    && pip --python /opt/taxiway/bin/python install --require-hashes --only-binary :all: -r requirements-image.lock \
    && pip install --require-hashes -r requirements-build.lock
COPY LICENSE README.md pyproject.toml ./
COPY protos protos
COPY persistence persistence
COPY migrations migrations
COPY service service
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./protos . \
    && pip --python /opt/taxiway/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:3.11-slim-trixie
LABEL org.opencontainers.image.title="taxiway" \
      org.opencontainers.image.description="An async gRPC microservice that keeps a company's accounts and tasks in PostgreSQL." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /opt/taxiway /opt/taxiway
# Nothing is written at run time: the root file system may be read-only.
# Off loopback production wants a certificate: TAXIWAY_TLS_CERT_FILE and TAXIWAY_TLS_KEY_FILE name files in a mounted
# directory, not mounted one by one, so that new ones are seen. The health check trusts that certificate, too.
ENV PATH=/opt/taxiway/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    TAXIWAY_MODE=production TAXIWAY_LISTEN=0.0.0.0:50051
EXPOSE 50051
# By number, so that an orchestrator can see that it is not root; the account has no entry and no home.
USER 65532:65532
WORKDIR /
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["taxiway", "health"]
ENTRYPOINT ["taxiway"]
CMD ["serve"]
