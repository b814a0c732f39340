"""What names say: whether a variable, key or parameter holds a secret. Pure."""

from __future__ import annotations

import re

_NAME_PARTS = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret(?:s)?|token|credential(?:s)?|"
    r"api_?keys?|apikeys?|access_?keys?|auth_?keys?|private_?keys?|signing_?(?:key|secret)|encryption_?keys?|"
    r"secret_?(?:access_?)?keys?|hard_?coded_?keys?|client_?secret|jwt_?(?:secret|key)|session_?(?:secret|key)|"
    r"master_?key|hmac_?key|webhook_?secret|license_?key|service_?key|app_?key|consumer_?(?:key|secret)|account_?key)"
)
_NAME = re.compile(rf"(?:^|_){_NAME_PARTS}(?:_?(?:\d+|id|value|str|string|prod|production|dev|live|test|default))*$")
_NOT_NAME = re.compile(
    r"(?:name|arn|path|url|uri|endpoint|header|field|param|parameter|ttl|expiry|expires|expiration|length|len|size|"
    r"type|prefix|suffix|regex|pattern|label|placeholder|error|message|policy|count|limit|version|algorithm|"
    r"allow_credentials|with_credentials|public|reset|csrf|next|continuation|pagination|page|file|key_name|"
    r"column|attribute|alias|rotation|format|"
    r"manager|store|provider|validator|class|hint|status|enabled|required|_at|_in|_on|_ref|"
    r"selector|locator|xpath|input|element|button|box|query|schema)s?(?:_?\d+)?$|"
    r"^(?:max|min|next|no|use|has|is|num|fake|mock|dummy|example|sample|expected|invalid)_|"
    r"^(?:dict_key|field|column|col|label|param|placeholder|attr)_|"
    r"kms|^client_token$|(?:token|secret|credentials?|pass(?:word|wd|phrase|code)?|api_?key)_?id$|_?tokens$|"
    r"(?:starting|next|continuation|task|last|cancellation|idempotency|client_request|result|postman)_?token$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """A name's words joined by underscores, in lower case."""
    return _CAMEL.sub("_", name[:200]).replace("-", "_").replace(".", "_").replace(" ", "_").strip("_").lower()


def is_secret_name(name: str) -> bool:
    """Whether a variable or key of this name holds a secret (and not the name, length or place of one)."""
    bare = snake(name)
    return bool(_NAME.search(bare)) and not _NOT_NAME.search(bare)
