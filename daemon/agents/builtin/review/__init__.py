"""The security review of a Lambda: hardcoded credentials, unvalidated input, injection, IAM scope."""

from daemon.agents.builtin.review.engine import review_file

__all__ = ["review_file"]
