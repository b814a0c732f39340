"""The durable queue of jobs."""
