"""The service: gRPC in, values through, persistence below."""
