"""What the service costs: CPU per request, round trips, memory and start-up, each figure beside its baseline."""
