"""What is known of an endpoint's parameters and bodies, gathered piece by piece. Pure."""

from __future__ import annotations

from daemon.agents.builtin.apidocs.endpoint import Parameter, parameter_names

MAX_PARAMETERS = 80


class Shape:
    """Parameters, request, response and summary of an endpoint, gathered piece by piece."""

    def __init__(self, path: str) -> None:
        self.parameters: dict[tuple[str, str], Parameter] = {}
        self.request = ""
        self.response = ""
        self.summary = ""
        self.files: set[str] = set()
        for name in parameter_names(path):
            self.add(name, "path", required=True)

    def add(self, name: str, place: str, kind: str = "", *, required: bool | None = None) -> None:
        """A parameter; what is known of one twice is put together."""
        old = self.parameters.get((place, name))
        if not name or len(name) > 80 or len(self.parameters) >= MAX_PARAMETERS:
            return
        known = [one for one in (required, old.required if old else None) if one is not None]
        whole = kind or (old.type if old else "")
        self.parameters[place, name] = Parameter(
            name=name, place=place, type=whole, required=any(known) if known else None
        )

    def listed(self) -> tuple[Parameter, ...]:
        """All parameters: those of the path first, then by place and name as they came."""
        order = {"path": 0, "query": 1, "header": 2, "cookie": 3, "form": 4, "body": 5}
        return tuple(sorted(self.parameters.values(), key=lambda one: order.get(one.place, 9)))
