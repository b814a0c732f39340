"""The published JSON Schemas of config.yaml and policy.yaml; ``python -m daemon.schema`` writes them anew."""

from __future__ import annotations

from importlib import resources

from daemon.settings import ConfigFields, PolicyFields
from hooks.schema import schema_text


def generated() -> dict[str, str]:
    """Each file's name and what the models say it must hold now."""
    return {
        "config.schema.json": schema_text(ConfigFields, "config.yaml of kiro-hookd"),
        "policy.schema.json": schema_text(PolicyFields, "policy.yaml of kiro-hookd"),
    }


def published(name: str) -> str:
    """A schema as it is published beside this module."""
    return resources.files(__name__).joinpath(name).read_text("utf-8")
