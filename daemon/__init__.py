"""The running service: watches workspaces, queues jobs, runs agents, keeps reports."""

__version__ = "0.1.0"
