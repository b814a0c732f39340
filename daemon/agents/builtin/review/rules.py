"""Every rule of the review, by id. The ids are part of the fingerprints: they never change their meaning."""

from __future__ import annotations

from daemon.agents.builtin.review.model import CREDENTIAL, IAM, INJECTION, INPUT, Rule
from hooks.finding import Level

_STORE = "Move it to Secrets Manager or SSM Parameter Store, read it at run time, and revoke this one."
_CHECK = "Check its shape first (a schema such as zod, ajv or pydantic, or a guard that answers 400)."
_NARROW = "Name the actions and the ARNs the function really uses."

_ALL = (
    Rule(id="credential.provider-key", category=CREDENTIAL, level=Level.ERROR, cwe=798,
         title="Key of a known provider in the source", remedy=_STORE),
    Rule(id="credential.private-key", category=CREDENTIAL, level=Level.ERROR, cwe=321,
         title="Private key in the source", remedy=_STORE),
    Rule(id="credential.connection-string", category=CREDENTIAL, level=Level.ERROR, cwe=798,
         title="Password inside a connection string", remedy=_STORE),
    Rule(id="credential.assigned", category=CREDENTIAL, level=Level.WARNING, cwe=798,
         title="Literal assigned to a name that holds a secret", remedy=_STORE),
    Rule(id="credential.argument", category=CREDENTIAL, level=Level.WARNING, cwe=798,
         title="Literal where a library expects a key", remedy=_STORE),
    Rule(id="credential.in-text", category=CREDENTIAL, level=Level.WARNING, cwe=798,
         title="Secret inside a command, a statement, an address or a header", remedy=_STORE),
    Rule(id="credential.example-key", category=CREDENTIAL, level=Level.WARNING, cwe=798,
         title="A provider's documented example key", remedy="It opens nothing, but marks the place where a real key "
         "will be put: read it from the environment or Secrets Manager instead."),
    Rule(id="iam.action-wildcard", category=IAM, level=Level.ERROR, cwe=250,
         title="Statement allows every action", remedy=_NARROW),
    Rule(id="iam.service-wildcard", category=IAM, level=Level.WARNING, cwe=250,
         title="Statement allows every action of a service", remedy=_NARROW),
    Rule(id="iam.resource-wildcard", category=IAM, level=Level.NOTE, cwe=250,
         title="Statement covers every resource", remedy="Name the ARNs: these actions can be limited to resources."),
    Rule(id="iam.pass-role", category=IAM, level=Level.ERROR, cwe=269,
         title="Any role may be passed", remedy="Limit iam:PassRole to the one role and add iam:PassedToService."),
    Rule(id="iam.privilege-escalation", category=IAM, level=Level.WARNING, cwe=269,
         title="Statement lets its holder raise its own rights", remedy=_NARROW),
    Rule(id="iam.admin-policy", category=IAM, level=Level.ERROR, cwe=250,
         title="Managed policy with administrator rights", remedy=_NARROW),
    Rule(id="iam.full-access-policy", category=IAM, level=Level.NOTE, cwe=250,
         title="Managed policy with all rights of a service", remedy=_NARROW),
    Rule(id="iam.not-action", category=IAM, level=Level.WARNING, cwe=250,
         title="Allow with NotAction or NotResource", remedy="Allow what is needed by name: everything new is "
         "allowed as well by an exception list."),
    Rule(id="iam.wildcard-principal", category=IAM, level=Level.WARNING, cwe=284,
         title="Anyone may use it", remedy="Name the principal, or add a condition such as aws:SourceArn."),
    Rule(id="injection.shell", category=INJECTION, level=Level.ERROR, cwe=78,
         title="Input reaches a command",
         remedy="Pass a list of arguments, without a shell, and allow known values only."),
    Rule(id="injection.eval", category=INJECTION, level=Level.ERROR, cwe=95,
         title="Input is evaluated as code", remedy="Parse it as data (JSON, a small grammar) and never evaluate it."),
    Rule(id="injection.sql", category=INJECTION, level=Level.ERROR, cwe=89,
         title="SQL built from input", remedy="Use placeholders and pass the values apart from the statement."),
    Rule(id="injection.nosql", category=INJECTION, level=Level.ERROR, cwe=943,
         title="Query built from input", remedy="Build it from names you know, and check that values are scalars."),
    Rule(id="injection.path", category=INJECTION, level=Level.ERROR, cwe=22,
         title="Path built from input", remedy="Take the base name only, join it to a fixed directory and check that "
         "the result is still inside it."),
    Rule(id="injection.ssrf", category=INJECTION, level=Level.ERROR, cwe=918,
         title="Request goes where the input says", remedy="Compare the host with a list of allowed hosts."),
    Rule(id="injection.template", category=INJECTION, level=Level.ERROR, cwe=1336,
         title="Input is used as a template", remedy="Keep templates constant and pass the input as a variable."),
    Rule(id="injection.html", category=INJECTION, level=Level.WARNING, cwe=79,
         title="HTML built from input", remedy="Escape the input for HTML, or answer with JSON."),
    Rule(id="injection.ldap", category=INJECTION, level=Level.ERROR, cwe=90,
         title="Directory filter built from input", remedy="Escape what is put in (ldap3: escape_filter_chars)."),
    Rule(id="injection.xpath", category=INJECTION, level=Level.ERROR, cwe=643,
         title="XPath built from input", remedy="Pass the value as a variable of the expression (lxml: `$name`)."),
    Rule(id="injection.regex", category=INJECTION, level=Level.WARNING, cwe=1333,
         title="Input is used as a pattern", remedy="Escape it (re.escape, escapeRegExp) and limit its "
         "length: a pattern can take for ever."),
    Rule(id="injection.xxe", category=INJECTION, level=Level.ERROR, cwe=611,
         title="XML of the input may name files and addresses", remedy="Switch entities off (libxmljs: no `noent`; "
         "lxml: `XMLParser(resolve_entities=False)`), or use defusedxml."),
    Rule(id="injection.deserialization", category=INJECTION, level=Level.ERROR, cwe=502,
         title="Input is unpickled", remedy="Use a data-only format (json, yaml.safe_load)."),
    Rule(id="input.unvalidated", category=INPUT, level=Level.WARNING, cwe=20,
         title="Input used without a check", remedy=_CHECK),
    Rule(id="input.unvalidated-record", category=INPUT, level=Level.NOTE, cwe=20,
         title="Record or direct argument used without a check", remedy=_CHECK),
)  # fmt: skip

RULES = {rule.id: rule for rule in _ALL}
