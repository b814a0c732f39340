"""What of a workspace may run: looked at (examine), allowed and remembered (store)."""

from daemon.trust.examine import Examined, digest, examine
from daemon.trust.store import FileChange, TrustState, TrustStore, Verdict

__all__ = ["Examined", "FileChange", "TrustState", "TrustStore", "Verdict", "digest", "examine"]
