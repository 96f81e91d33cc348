"""Keeps rows in PostgreSQL; knows nothing of gRPC, Protobuf, schemas or the service."""
