"""How a view tells its step what to do: by plain words, so that no parser need be imported for them. Pure."""

END = "--"


def packed(fields: "dict[str, list[str]]", argv: "list[str]") -> "list[str]":
    """``name=value`` for each value of each field, ``--``, and the program. Names hold no ``=``."""
    return [*(f"{name}={value}" for name, values in fields.items() for value in values), END, *argv]


def unpacked(words: "list[str]") -> "tuple[dict[str, list[str]], list[str]]":
    """The fields and the program again; a field without values is not there."""
    end = words.index(END)
    fields: dict[str, list[str]] = {}
    for word in words[:end]:
        name, _, value = word.partition("=")
        fields.setdefault(name, []).append(value)
    return fields, words[end + 1 :]


def failure(error: OSError) -> bytes:
    """The line by which a step says what failed: its error number, and what it was about."""
    return f"failed {error.errno or 0} {error.filename or 'start'}\n".encode("utf-8", "surrogateescape")
