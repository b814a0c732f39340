"""The agent port and one module per kind of agent."""
