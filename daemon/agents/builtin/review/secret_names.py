"""What names say: whether a variable, key or parameter holds a secret. Pure."""

from __future__ import annotations

import re

from daemon.agents.builtin.review.model import words

_NAME_PARTS = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|pw|secret(?:s)?|token|credential(?:s)?|"
    r"api_?keys?|apikeys?|access_?keys?|auth_?keys?|private_?keys?|signing_?(?:key|secret)|encryption_?keys?|"
    r"secret_?(?:access_?)?keys?|hard_?coded_?keys?|client_?secret|jwt_?(?:secret|key)|session_?(?:secret|key)|"
    r"master_?key|hmac_?key|webhook_?secret|license_?key|service_?key|app_?key|consumer_?(?:key|secret)|account_?key)"
)
_JOINED = (
    r"(?!(?:forgot|reset|change|update|confirm|show|hide|toggle|verify|check|get|set|new|old|no|wrong|invalid|generate|"
    r"create|compare|hash|encrypt|decrypt|validate|missing|remove|delete|save|send|request)_?)"
    r"(?:[a-z]{1,16}(?:password|passwd|passphrase|apikeys?)|[a-z]{0,16}(?:authtoken|accesstoken|apitoken|bottoken|"
    r"usertoken|secretkey|jwtsecret))"
)
"""``dbpassword``: words written together."""
_NAME = re.compile(
    rf"(?:(?:^|_){_NAME_PARTS}|^{_JOINED})(?:_?(?:\d+|id|value|str|string|prod|production|dev|live|test|default))*$"
)
_NOT_NAME = re.compile(
    r"(?:name|arn|path|url|uri|endpoint|header|field|param|parameter|ttl|expiry|expires|expiration|length|len|size|"
    r"type|prefix|suffix|regex|pattern|label|placeholder|error|message|policy|count|limit|version|algorithm|"
    r"allow_credentials|with_credentials|public|reset|csrf|next|continuation|pagination|page|file|key_name|"
    r"column|attribute|alias|rotation|format|"
    r"manager|store|provider|validator|class|hint|status|enabled|required|_at|_in|_on|_ref|"
    r"selector|locator|xpath|input|element|button|box|query|schema)s?(?:_?\d+)?$|"
    r"^path_to_|^(?:max|min|next|no|use|has|is|num|fake|mock|dummy|example|sample|expected|invalid)_|"
    r"^(?:dict_key|field|column|col|label|param|placeholder|attr)_|"
    r"kms|^client_token$|(?:token|secret|credentials?|pass(?:word|wd|phrase|code)?|api_?key)_?id$|_?tokens$|"
    r"(?:starting|next|continuation|task|last|cancellation|idempotency|client_request|result|postman)_?token$"
)
_KEY_NAME = re.compile(r"(?:^|_)(?:key|auth|authorization|authorization_?token|bearer|cookie)$")
"""Names of what may be a secret: only a value drawn by lot makes it one."""
_OPEN_KEY = words(
    """
    public primary partition sort cache object s3 bucket foreign row idempotency site publishable hash range host group
    lookup map storage store event message dedup cursor page kms ciphertext etag thumb thumbnail image file item next
    last start result candidate data pub ssh table index state sitekey vapid recaptcha
    """
)
"""Words before ``key`` that make it no secret."""
_HEADER = re.compile(r"(?:^|_)(?:authorization|auth_header|authorization_header|authorization_token)$")
_SIGNING = re.compile(
    r"(?:^|_)(?:secret_key|jwt_secret(?:_key)?|jwt_key|session_secret|cookie_secret|token_secret|access_token_secret|"
    r"refresh_token_secret|app_secret|secret_or_key|secret_or_private_key)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """A name's words joined by underscores, in lower case."""
    return _CAMEL.sub("_", name[:200]).replace("-", "_").replace(".", "_").replace(" ", "_").strip("_").lower()


def is_secret_name(name: str) -> bool:
    """Whether a variable or key of this name holds a secret (and not the name, length or place of one)."""
    bare = snake(name)
    return bool(_NAME.search(bare)) and not _NOT_NAME.search(bare)


def may_name_a_secret(name: str) -> bool:
    """Whether what is called so may be a secret: ``Ocp-Apim-Subscription-Key``, ``Authorization``."""
    bare = snake(name)
    return bool(_KEY_NAME.search(bare)) and not set(bare.split("_")) & _OPEN_KEY


def is_authorization(name: str) -> bool:
    """Whether a name is that of the header by which callers say who they are."""
    return bool(_HEADER.search(snake(name)))


def signs(name: str) -> bool:
    """Whether what is called so signs tokens or cookies: ``SECRET_KEY``, ``jwtSecret``."""
    bare = snake(name)
    return bool(_SIGNING.search(bare)) and not bare.startswith("aws_")
