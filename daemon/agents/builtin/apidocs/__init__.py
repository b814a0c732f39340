"""The API docs skill of the builtin agent: endpoints of the code kept in step with a Markdown reference."""

from daemon.agents.builtin.apidocs.refresh import refresh

__all__ = ["refresh"]
