"""When an IAM statement is too wide. Pure: statements in, hits out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import Hit
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.document import Scalar


@dataclass(slots=True)
class Statement:
    """One statement that allows something. ``kind``: identity, trust (who may assume), resource (a resource's own),
    endpoint (what a VPC endpoint lets through). ``condition``: it has one; ``says_who``: one that some callers fail.
    """

    line: int
    end_line: int
    kind: str = "identity"
    actions: list[Scalar] = field(default_factory=list)
    not_actions: list[Scalar] = field(default_factory=list)
    resources: list[Scalar] = field(default_factory=list)
    not_resources: list[Scalar] = field(default_factory=list)
    principals: list[Scalar] = field(default_factory=list)
    not_principals: list[Scalar] = field(default_factory=list)
    condition: bool = False
    says_who: bool = False


# Actions that IAM cannot limit to resources, or that only list: "*" is the right thing to write for them.
_RESOURCELESS = re.compile(
    r"^(?:[a-z0-9-]+:(?:list|describe|search|lookup|get\w*(?:list|summary|status)$)|ec2:(?:create|delete|assign|"
    r"unassign|attach|detach)"
    r"networkinterface|ec2:(?:un)?assignprivateipaddresses|ec2:getconsole|logs:(?:createloggroup|"
    r"createlogdelivery|getlogdelivery|"
    r"updatelogdelivery|deletelogdelivery|putresourcepolicy|startquery|stopquery|getqueryresults|"
    r"createlogstream|putlogevents)|"
    r"cloudwatch:(?:putmetricdata|getmetric)|xray:|sts:(?:getcalleridentity|getsessiontoken|"
    r"decodeauthorizationmessage)|"
    r"s3:(?:listallmybuckets|getaccountpublicaccessblock)|rekognition:(?:detect|recognize|compare)|textract:|"
    r"comprehend:(?:detect|batchdetect|contains)|translate:|polly:synthesize|transcribe:|ecr:getauthorizationtoken|"
    r"ecr-public:getauthorizationtoken|ssmmessages:|ec2messages:|kms:(?:createkey|generaterandom|listaliases)|tag:|"
    r"organizations:|ce:|pricing:|iam:(?:get|list|generate)|autoscaling:describe|application-autoscaling:|"
    r"cloudfront:|"
    r"acm:(?:requestcertificate|list)|route53:(?:list|get)|iot:describeendpoint|mediaconvert:|support:|"
    r"health:|budgets:|cur:|elasticloadbalancing:describe|apigateway:get|cognito-identity:|mobiletargeting:|"
    r"sms-voice:|"
    r"appconfig:|bedrock:(?:list|get)|sqs:listqueues|sns:(?:listtopics|publish)|ses:(?:get|list|verify|put(?:account|configurationset)|createtemplate|updatetemplate|deletetemplate)|lambda:(?:list|"
    r"getaccountsettings|"
    r"createeventsourcemapping|geteventsourcemapping)|securityhub:|guardduty:|inspector|macie|config:|aoss:|"
    r"servicediscovery:|cloudformation:(?:list|describe|validate|estimate)|workmail|geo:|rds-db:|"
    r"secretsmanager:getrandompassword|s3:putaccountpublicaccessblock|iam:updateaccountpasswordpolicy|"
    r"ec2:(?:enable|disable|get|modify|reset)ebs|"
    r"codepipeline:putjob|s3:createjob|mobileanalytics:|"
    r"s3-object-lambda:|kafka:getbootstrap|s3:getbucketlocation|elasticfilesystem:describe)",
    re.IGNORECASE,
)
_ESCALATION = re.compile(
    r"^(?:iam:(?:put(?:role|user|group)policy|attach(?:role|user|group)policy|createpolicyversion|"
    r"setdefaultpolicyversion|"
    r"createaccesskey|createloginprofile|updateloginprofile|updateassumerolepolicy|addusertogroup|\*|p\*|put\*|"
    r"attach\*|create\*|pass\*)|"
    r"organizations:\*|lambda:updatefunctioncode|glue:updatedevendpoint|ssm:(?:startsession|sendcommand))$",
    re.IGNORECASE,
)
_HARMLESS_SERVICES = re.compile(r"^(?:execute-api|ssmmessages|ec2messages|health|pricing)$", re.IGNORECASE)
_ANY_RESOURCE = re.compile(r"^(?:\*|arn:\*|arn:[^:]*:[^:]*:(?:\*|[^:]*:(?:\*|[^:]*:\*)))$")
_EVERY_ACTION = re.compile(r"^(?:\*+|\*:\*)$")
_ACTION = re.compile(r"^[A-Za-z0-9-]+:[A-Za-z*?]")
_WHOLE_SERVICE = re.compile(r"^([a-z0-9-]+):\*+$", re.IGNORECASE)
_SPAN = 12
"""Lines that one place may cover; what is further apart is told by its first line alone."""
_EVERY_ROLE = re.compile(r"^(?:\*|arn:[^:]*:iam:[^:]*:[^:]*:(?:\*|role/\*+))$")
_PASSED_ON = re.compile(r"^(?:<computed>$|var\.|each\.|(?:\w+\.)?value\.)")
"""What a module hands through from its caller: most often nothing."""
_HOLE = re.compile(r"\$\{[^}]{0,200}\}")
_ADMIN = re.compile(r"(?:^|[/:])AdministratorAccess$")
_STRONG = re.compile(r"(?:^|[/:])(?:PowerUserAccess|IAMFullAccess)$")
_FULL = re.compile(r"(?:^|[/:])(?:Amazon|AWS|Cloud)\w*FullAccess$")


def judge(statement: Statement) -> list[Hit]:
    """What is too wide in a statement: at most one hit for its rights and one for who holds them."""
    hits = [hit for hit in (_exceptions(statement), _principal(statement)) if hit]
    if statement.kind == "trust":
        return [*hits, *filter(None, [_every_action_of_one(statement)])]
    if statement.kind == "resource" and not any(hit.rule == "iam.wildcard-principal" for hit in hits):
        hits += filter(None, [_every_action_of_one(statement) or _service_for_others(statement)])
    rights = _every_action(statement) or _service(statement) or _escalation(statement) or _resources(statement)
    passing = _pass_role(statement)
    if passing and not (rights and rights.rule == "iam.action-wildcard"):
        hits.append(passing)
    if rights and not (passing and rights.rule in {"iam.resource-wildcard", "iam.privilege-escalation"}):
        hits.append(rights)
    return sorted(hits, key=lambda hit: hit.line)


def managed(name: Scalar) -> Hit | None:
    """The hit for a managed policy by name or ARN, ``None`` when it is not one of the wide ones."""
    text = shown(name.text)
    if _ADMIN.search(text):
        return _hit("iam.admin-policy", name, f"`{text}` gives every right in the account.")
    if _STRONG.search(text):
        return _hit("iam.admin-policy", name, f"`{text}` gives nearly every right.", level=Level.WARNING)
    if _FULL.search(text):
        return _hit("iam.full-access-policy", name, f"`{text}` gives every action of its service on everything.")
    return None


def shown(text: str) -> str:
    """A text as a message shows it: what is only known later is an ellipsis."""
    return text.strip().replace("${}", "...")


def _hit(rule: str, at: Scalar, detail: str, *, level: Level | None = None, end: int | None = None) -> Hit:
    return Hit(rule=rule, line=at.line, column=at.column, end_line=max(end or at.end_line, at.line), level=level,
               detail=detail)  # fmt: skip


def _wild_resource(statement: Statement) -> Scalar | None:
    return next((r for r in statement.resources if r.literal and _ANY_RESOURCE.match(r.text.strip())), None)


def _exceptions(statement: Statement) -> Hit | None:
    listed = [action for action in statement.not_actions if action.literal or ":" in action.text]
    if listed and statement.kind != "endpoint":
        first = listed[0]
        scope = "everything" if _wild_resource(statement) or not statement.resources else "the resources named"
        return _hit("iam.not-action", first, f"Allows all actions but those listed (NotAction), on {scope}.",
                    end=_as_far_as(*statement.not_actions, _wild_resource(statement)))  # fmt: skip
    others = [resource for resource in statement.not_resources if not _PASSED_ON.match(resource.text)]
    if others and statement.kind == "identity":
        return _hit("iam.not-action", others[0], "Allows all resources but those listed (NotResource).")
    return None


def _principal(statement: Statement) -> Hit | None:
    if statement.says_who:
        return None
    if statement.not_principals and statement.kind != "endpoint":
        return _hit("iam.wildcard-principal", statement.not_principals[0],
                    "Allows everyone but those listed (NotPrincipal), strangers too.")  # fmt: skip
    anyone = next(
        (p for p in statement.principals if p.literal and p.text.strip() in {"*", "arn:aws:iam::*:root"}), None
    )
    if anyone is None:
        return None
    if statement.kind == "trust":
        return _hit("iam.wildcard-principal", anyone, "Any AWS account may assume this role.", level=Level.ERROR)
    weak = bool(statement.actions) and all(_CALLED_BY_ALL.match(action.text) for action in statement.actions)
    if statement.kind == "endpoint":
        return _hit("iam.wildcard-principal", anyone, "Anyone may use this endpoint as far as their own rights go.",
                    level=Level.NOTE)  # fmt: skip
    return _hit("iam.wildcard-principal", anyone, "Anyone may use this resource, with no condition.",
                level=Level.NOTE if weak else None)  # fmt: skip


_CALLED_BY_ALL = re.compile(r"^lambda:invokefunctionurl$", re.IGNORECASE)
"""What a public interface is there for."""


def _every_action(statement: Statement) -> Hit | None:
    action = next((a for a in statement.actions if a.literal and _EVERY_ACTION.match(a.text.strip())), None)
    if action is None or statement.kind != "identity":
        return None
    wild = _wild_resource(statement)
    return _hit("iam.action-wildcard", action, f"Allows every action of every service (`*`){_where(statement)}.",
                level=None if wild or not statement.resources else Level.WARNING,
                end=_as_far_as(action, wild))  # fmt: skip


def _every_action_of_one(statement: Statement) -> Hit | None:
    """``*`` in a resource's own policy or a role's trust: every action of that one resource, for others to use."""
    action = next((a for a in statement.actions if a.literal and _EVERY_ACTION.match(a.text.strip())), None)
    if action is None or (statement.principals and all(_OWN_ACCOUNT.search(p.text) for p in statement.principals)):
        return None
    return _hit("iam.action-wildcard", action, "Allows every action (`*`) on this resource to those it names.",
                level=Level.WARNING)  # fmt: skip


def _service_for_others(statement: Statement) -> Hit | None:
    """``sqs:*`` on everything in a resource's own policy, for another account or a service, with no condition."""
    action = next((a for a in statement.actions if a.literal and _WHOLE_SERVICE.match(a.text.strip())), None)
    if action is None or not statement.principals:
        return None
    whole_function = not statement.resources and action.text.startswith("lambda:")
    if not whole_function and statement.condition:
        return None
    if action.text.startswith("kms:") or all(_OWN_ACCOUNT.search(p.text) for p in statement.principals):
        return None
    return _hit("iam.service-wildcard", action, f"Allows every action (`{shown(action.text)}`) to those it names.",
                end=_as_far_as(action, _wild_resource(statement)))  # fmt: skip


_OWN_ACCOUNT = re.compile(r"\$\{[^}]*\}:root$|AccountRootPrincipal", re.IGNORECASE)
"""The account itself: without it a key's policy would lock everyone out."""


def _where(statement: Statement) -> str:
    if _wild_resource(statement):
        return " on every resource"
    return " on the resources named" if statement.resources else ""


def _as_far_as(first: Scalar, *others: Scalar | None) -> int:
    """The last line that shows what is too wide: the action comes first, the resource it goes with is shown too."""
    near = [other.end_line for other in others if other is not None and 0 <= other.line - first.line < _SPAN]
    return max([first.end_line, *near])


def _service(statement: Statement) -> Hit | None:
    if statement.kind != "identity":
        return None
    wide = []
    for action in statement.actions:
        match = _WHOLE_SERVICE.match(action.text.strip()) if action.literal else None
        if match and not _HARMLESS_SERVICES.match(match.group(1)):
            wide.append(action)
    if not wide:
        return None
    names = ", ".join(f"`{shown(action.text)}`" for action in wide[:6])
    wild = _wild_resource(statement)
    if wild is None:
        return _hit("iam.service-wildcard", wide[0], f"Allows every action ({names}){_where(statement)}.",
                    end=_as_far_as(*wide))  # fmt: skip
    grave = any(action.text.strip().lower() in {"iam:*", "organizations:*"} for action in wide)
    return _hit("iam.service-wildcard", wide[0], f"Allows every action ({names}) on every resource.",
                level=Level.ERROR if grave else None, end=_as_far_as(*wide, wild))  # fmt: skip


def _pass_role(statement: Statement) -> Hit | None:
    passing = next((a for a in statement.actions if _covers(a, "iam:passrole")), None)
    if passing is None or statement.kind != "identity":
        return None
    wild = next((r for r in statement.resources if _EVERY_ROLE.match(_HOLE.sub("x", r.text.strip()))), None)
    if wild is None:
        return None
    if statement.condition:
        return _hit("iam.pass-role", passing, "Allows passing any role, under a condition.", level=Level.WARNING)
    return _hit("iam.pass-role", passing, "Allows passing any role in the account to a service.",
                end=_as_far_as(passing, wild))  # fmt: skip


def _escalation(statement: Statement) -> Hit | None:
    risky = next((a for a in statement.actions if a.literal and _escalates(a.text.strip())), None)
    wild = _wild_resource(statement) or next((r for r in statement.resources if _EVERYBODY.match(r.text.strip())), None)
    if risky is None or wild is None or statement.kind != "identity":
        return None
    right = (
        "run commands on every machine" if risky.text.strip().lower().startswith("ssm:") else "grant itself any right"
    )
    detail = f"`{risky.text.strip()}` on `{shown(wild.text)}` lets its holder {right}"
    level, end = (Level.NOTE, ", under a condition.") if statement.condition and statement.says_who else (None, ".")
    return _hit("iam.privilege-escalation", risky, detail + end, level=level, end=_as_far_as(risky, wild))


_EVERYBODY = re.compile(r"^arn:[^:]*:iam:[^:]*:[^:]*:(?:user|role|group|policy)/\*+$")


def _covers(action: Scalar, name: str) -> bool:
    """Whether an action as written, which may have wildcards behind its service, allows this one."""
    text = action.text.strip().lower()
    if text == name:
        return True
    service, _, verb = text.partition(":")
    return action.literal and bool(verb.strip("*")) and service == name.partition(":")[0] and fnmatchcase(name, text)


def _escalates(action: str) -> bool:
    if _ESCALATION.match(action):
        return True
    text = action.lower()
    return text.startswith("iam:") and "*" in text and any(fnmatchcase(name, text) for name in _RAISING)


_RAISING = ("iam:putrolepolicy", "iam:attachrolepolicy", "iam:createaccesskey", "iam:createpolicyversion",
            "iam:updateassumerolepolicy", "iam:attachuserpolicy", "iam:putuserpolicy")  # fmt: skip


def _resources(statement: Statement) -> Hit | None:
    wild = _wild_resource(statement)
    if wild is None or statement.kind != "identity" or statement.condition:
        return None
    named = [action for action in statement.actions if action.literal and _ACTION.match(action.text.strip())]
    limited = [action for action in named if not _RESOURCELESS.match(action.text.strip())]
    if not limited:
        return None
    names = ", ".join(f"`{shown(action.text)}`" for action in limited[:4])
    first = limited[0] if 0 <= wild.line - limited[0].line < _SPAN else wild
    return _hit("iam.resource-wildcard", first, f"Allows {names} on every resource (`{shown(wild.text)}`).",
                end=_as_far_as(first, wild))  # fmt: skip
