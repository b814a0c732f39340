"""Where unchecked input is kept or sent on: tables, buckets, queues; and queries whose form the input decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sources
from daemon.agents.builtin.review.arguments import resolved
from daemon.agents.builtin.review.frames import ANY_KEY, pieces
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.sources import TAINTED, Facts
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.evaluate import Evaluation as Flow
    from daemon.agents.builtin.review.frames import Frame

_WRITES = words(
    """
    put_item update_item batch_write_item transact_write_items put_object upload_file upload_fileobj put_record
    put_records put_record_batch send_message send_message_batch publish publish_batch put_events
    start_execution start_sync_execution invoke_async send_email send_templated_email send_raw_email
    put_parameter create_secret put_secret_value insert_one insert_many update_one update_many replace_one
    bulk_write find_one_and_update insertOne insertMany updateOne updateMany replaceOne bulkWrite
    findOneAndUpdate findByIdAndUpdate findOneAndReplace insert sendMessage sendMessageBatch publishBatch
    putRecord putRecords putRecordBatch putEvents startExecution sendEmail sendTemplatedEmail sendRawEmail
    putItem updateItem batchWriteItem batchWrite transactWrite transactWriteItems putObject bulkCreate upsert
    adminCreateUser admin_create_user signUp sign_up adminUpdateUserAttributes admin_update_user_attributes
    postToConnection post_to_connection createMany put_metric
    upload invoke invokeAsync rpush lpush hset xadd produce sendMail
    """
)
_COMMANDS = re.compile(
    r"^(?:Put|Update|BatchWrite|TransactWrite|Send|Publish|Start(?:Sync)?Execution|Create|PostToConnection|Invoke(?!Model|Agent|"
    r"Flow)|Upload|Admin(?:Create|Update))\w*Command$"
)
_DOCUMENT_CLIENT = re.compile(
    r"dynamo|DocumentClient|documentClient|docClient|ddb|\.Table\(\)|(?:^|\.)(?:db|table|client|dynamoDB)$",
    re.IGNORECASE,
)
_MODEL_WRITES = re.compile(r"^(?:create|save|insert|upsert|put|update|add|set|store)$")
_AMBIGUOUS = frozenset(["insert", "upload", "invoke", "upsert", "publish", "hset"])
_AWS = re.compile(
    r"aws|^(?:\w+\.)*(?:sns|sqs|lambda|cognito|ses|s3|kinesis|firehose|eventbridge|sfn|stepfunctions|iot)\w*$",
    re.IGNORECASE,
)
_ORM = re.compile(
    r"mongoose|mongodb|sequelize|prisma|typeorm|dynamoose|electrodb|knex|objection|pynamodb|sqlalchemy|peewee|"
    r"redis|firestore|dynamodb-toolbox|onetable",
    re.IGNORECASE,
)
_EXPRESSIONS = (
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ConditionExpression",
    "ProjectionExpression",
    "Filter",
    "Statement",
)
_NOT_DATA = words(
    """
    Key TableName key tableName ReturnValues ConditionExpression Bucket QueueUrl TopicArn StreamName
    UpdateExpression ExpressionAttributeNames FunctionName stateMachineArn PartitionKey name where filter
    MessageGroupId MessageDeduplicationId ContentType ContentEncoding
    """
)
_MONGO = re.compile(r"mongo", re.IGNORECASE)
_MODEL = re.compile(r"^(?:\.{1,2}|@|~|src)/\S*models?\b|^\.{1,2}/\S*[mM]odel\b")
"""A model of the project's own: ``../models/user``."""
_MONGO_FINDS = words(
    """
    find findOne find_one updateOne update_one deleteOne delete_one deleteMany delete_many findOneAndUpdate
    findOneAndDelete countDocuments count_documents updateMany update_many aggregate findOneAndReplace
    """
)
_DYNAMO = words(
    """
    query scan get_item put_item update_item delete_item get put update delete getItem putItem updateItem
    deleteItem transactWrite QueryCommand ScanCommand GetCommand PutCommand UpdateCommand DeleteCommand
    GetItemCommand PutItemCommand UpdateItemCommand paginate DeleteItemCommand execute_statement
    executeStatement ExecuteStatementCommand list_users listUsers ListUsersCommand
    """
)


def look(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> None:
    """Look at one call for what it keeps, sends on, or asks a database."""
    if tail in _DYNAMO and not (flow.module.language == "python" and tail in {"get", "put", "update", "delete"}):
        _dynamo(flow, call, name, frame)
    if tail in _MONGO_FINDS and (flow.says(_MONGO) or _MODEL.search(name)):
        _mongo(flow, call, name, frame)
    if _writes(flow, call, name, tail):
        _written(flow, call, tail, frame)
    elif _MODEL.search(name) and isinstance(call.func, ir.Name) and call.func.id[:1].isupper():
        whole: Facts = frozenset(o for arg in call.args for o in flow.facts(arg, frame) if not o.part)
        store(flow, call, whole, f"`{tail}`")
    elif _SERVICES.search(name) and (tail in _SIGNED or tail.endswith("Command") or _SENDING.match(tail)):
        _sent(flow, call, tail, frame)
    elif tail in _FILE_WRITES and _FILES.search(name):
        content = call.args[1:2] if len(call.args) > 1 else call.args
        facts: Facts = frozenset().union(*(flow.facts(arg, frame) for arg in content))
        store(flow, call, facts, f"`{tail}`", weak=True)


_SERVICES = re.compile(
    r"^(?:aio)?boto3\.|^aws-sdk\b|(?:^|\.)(?:Invoke(?:Model|Agent|Flow)\w*|Converse\w*|SignUp|RetrieveAndGenerate)Command$|"
    r"^(?:stripe|twilio|@sendgrid/mail|sendgrid|mailgun\S*|nodemailer|postmark|resend|openai|@anthropic-ai/sdk|anthropic|"
    r"@google/generative-ai|google\.generativeai|firebase-admin|firebase_admin|@supabase/supabase-js|supabase|pusher|"
    r"@slack/web-api|slack_sdk|airtable|algoliasearch|@elastic/elasticsearch|@opensearch-project/opensearch|opensearchpy|"
    r"elasticsearch|@mailchimp/\S+|braintree|square|@hubspot/api-client|telegram|node-telegram-bot-api|onesignal-node)\b|"
    r"(?:completions|messages|responses|embeddings|images)\.(?:create|stream)$|(?:^|\.)(?:getSignedUrl|createPresignedPost)$"
)
"""Calls that carry what they are given to a service: a model, an address that is signed, a user pool."""
_SENDING = re.compile(
    r"^(?!(?:get|list|describe|query|scan|head|filter|batch_?get|search|lookup|delete|receive|close|client|resource|Table|"
    r"Bucket|Object|Queue|Topic|meta|paginate|session|download|wait|can_paginate|promise|on|then)(?:[A-Z_]|$))[a-z]"
)
_TEXTS = words(
    "str String toString RegExp toLowerCase toUpperCase trim trimStart trimEnd slice substring replace lower upper "
    "strip"
)
"""What gives text or fails: an object with operators in it does not come out."""
_SIGNED = {"getSignedUrl", "createPresignedPost"}
_FILE_WRITES = {"writeFile", "writeFileSync", "appendFile", "appendFileSync", "write", "write_text", "outputFile"}
_FILES = re.compile(
    r"^(?:fs|fs/promises|fs-extra|node:fs)\b|^open\(\)\.write$|Path\(\)\.write_text$|aiofiles\.open\(\)"
)


def _sent(flow: Flow, call: ir.Call, tail: str, frame: Frame) -> None:
    facts: Facts = frozenset().union(
        *(flow.facts(arg, frame) for arg in call.args), *(flow.facts(value, frame) for _, value in call.kwargs)
    )
    flow.uses.use(call, frozenset(o for o in facts if o.kind in _DATA), f"`{tail}`", store=True, weak=True)


def store(flow: Flow, call: ir.Call, facts: Facts, how: str, *, weak: bool = False) -> None:
    """Enter what is kept; keys and paths are no business of this. A queue's record is somebody else's to have
    checked: it counts little.
    """
    flow.uses.use(call, frozenset(o for o in facts if o.kind in _DATA), how, store=True, weak=weak)
    if guards.tail_of(call.func) not in _PASSING:
        records = frozenset(o for o in facts if o.kind == sources.RECORD and sources.OBJECT_KEY not in o.safe)
        flow.uses.use(call, records, how, store=True, weak=True)


_PASSING = words(
    """
    send_message send_message_batch publish publish_batch put_events start_execution start_sync_execution invoke
    invoke_async invokeAsync sendMessage sendMessageBatch publishBatch putEvents startExecution put_record put_records
    put_record_batch putRecord putRecords putRecordBatch SendMessageCommand SendMessageBatchCommand PublishCommand
    PublishBatchCommand PutEventsCommand StartExecutionCommand InvokeCommand PutRecordCommand PutRecordsCommand
    PutRecordBatchCommand send_email sendEmail SendEmailCommand upload upload_file upload_fileobj put_object putObject
    PutObjectCommand
    """
)
"""What only hands a record on: whoever gets it in the end looks at it."""
_DATA = {sources.BODY, sources.QUERY, sources.FIELD}


def _writes(flow: Flow, call: ir.Call, name: str, tail: str) -> bool:
    if _COMMANDS.match(tail):
        return True
    if not isinstance(call.func, ir.Member):
        return False
    receiver = name[: -len(tail) - 1]
    if tail in _WRITES:
        if flow.module.language == "python" and tail != tail.lower():
            return False
        return tail not in _AMBIGUOUS or flow.says(_ORM) or "(" in receiver or bool(_AWS.search(receiver))
    if _MODEL_WRITES.match(tail):
        if tail in {"put", "update"} and _DOCUMENT_CLIENT.search(receiver):
            return True
        if tail == "put" and re.search(r"\.Object\(\)$", receiver):
            return True
        return bool(flow.says(_ORM) or _MODEL.search(name)) and tail in {"create", "save", "insert", "upsert"}
    return False


def _fields(call: ir.Call, frame: Frame) -> list[tuple[str, ir.Expr, str]]:
    """The named parts of a call's arguments: keywords, and the entries of objects it is given. With each, the variable
    that holds the object ("" for a literal), so that later writes into it can be seen.
    """
    found = [(key, value, "") for key, value in call.kwargs if key != "**"]
    for arg in [*call.args, *(value for key, value in call.kwargs if key == "**")]:
        owner = arg.id if isinstance(arg, ir.Name) else ""
        record = resolved(arg, frame)
        if isinstance(record, ir.Record):
            for key_expr, value in record.entries:
                if isinstance(key_expr, ir.Const):
                    found.append((str(key_expr.value), value, owner))
                elif key_expr is None:
                    found.append(("...", value, owner))
        elif isinstance(record, ir.Call) and record is not call:
            found.append(("", arg, ""))
        else:
            found.append(("", arg, ""))
    return found


def _written(flow: Flow, call: ir.Call, tail: str, frame: Frame) -> None:
    facts: Facts = frozenset()
    if tail == "save" and not call.args and isinstance(call.func, ir.Member):
        facts = flow.facts(call.func.base, frame)
    for key, value, _ in _fields(call, frame):
        if key not in _NOT_DATA:
            facts |= flow.facts(value, frame)
    for arg in call.args:
        if isinstance(arg, ir.Name) and isinstance(resolved(arg, frame), ir.Record):
            for key, fact in list(frame.facts.items()):
                if key.startswith(f"{arg.id}.") and key.split(".")[1] not in _NOT_DATA:
                    facts |= fact
    store(flow, call, facts, f"`{tail}`")


def _dynamo(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A DynamoDB request whose expression or table the input decides, or that is the input itself."""
    for arg in call.args[:1]:
        whole = resolved(arg, frame)
        if (name.endswith("Command") or _DOCUMENT_CLIENT.search(name)) and isinstance(
            whole, ir.Member | ir.Name | ir.Index | ir.Call
        ):
            harm = sources.of_kinds(
                flow.facts(arg, frame), frozenset({sources.BODY, sources.QUERY, sources.FIELD}), "nosql"
            )
            if not (isinstance(whole, ir.Call) and _named_parts(whole)):
                flow.uses.inject("injection.nosql", call, harm, "a DynamoDB request as the request itself")
    for key, value, owner in _fields(call, frame):
        later = frame.facts.get(f"{owner}.{key}", frozenset()) if owner else frozenset()
        if key in _EXPRESSIONS:
            found = pieces(value, frame, lambda e: flow.facts(e, frame))
            harm = [
                o
                for piece in found
                if piece.text is None and _textual(piece.expr)
                for o in sources.of_kinds(piece.facts, TAINTED, "nosql")
            ]
            harm += sources.of_kinds(later, TAINTED, "nosql")
            rule = "injection.sql" if key == "Statement" else "injection.nosql"
            flow.uses.inject(rule, value if value.line else call, harm, f"the text of `{key}`")
        elif key in {"TableName", "ScanFilter", "QueryFilter", "KeyConditions"}:
            harm = sources.of_kinds(
                _keys_only(flow, value, frame) if key != "TableName" else flow.facts(value, frame), TAINTED, "nosql"
            )
            outside = any(o.kind not in {sources.FIELD, sources.RECORD, sources.EVENT} for o in harm)
            flow.uses.inject(
                "injection.nosql", call, harm, f"`{key}` of a DynamoDB request", level=None if outside else Level.NOTE
            )


def _named_parts(call: ir.Call) -> bool:
    """Whether a call that makes a request names its parts (``build(id)``), unlike ``Object.assign({}, body)``."""
    return not (isinstance(call.func, ir.Member) and call.func.name in {"assign", "parse", "merge", "loads"})


def _keys_only(flow: Flow, value: ir.Expr, frame: Frame) -> Facts:
    record = resolved(value, frame)
    if not isinstance(record, ir.Record):
        return flow.facts(value, frame)
    return frozenset().union(*(flow.facts(key, frame) for key, _ in record.entries if key is not None))


def _textual(expr: ir.Expr | None) -> bool:
    """Whether a part is text pasted in; a condition built by ``Key("a").eq(x)`` is not."""
    return not (isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name in {
        "eq", "lt", "lte", "gt", "gte", "between", "begins_with", "contains", "is_in", "ne", "build"})  # fmt: skip


def _made_text(expr: ir.Expr) -> bool:
    """``String(x)``: whatever it was, an operator it is no more."""
    return isinstance(expr, ir.Call) and guards.tail_of(expr.func) in _TEXTS


def _mongo(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A MongoDB filter that is the input itself, or holds values that may be operators."""
    if not call.args:
        return
    first = resolved(call.args[0], frame)
    what = f"the filter of `{name.rsplit('.', maxsplit=1)[-1]}`"
    keyed = frame.added.get(call.args[0].id, {}).get(ANY_KEY) if isinstance(call.args[0], ir.Name) else None
    if keyed:
        flow.uses.inject("injection.nosql", call, sources.of_kinds(keyed, TAINTED, "nosql"), what)
        return
    if not isinstance(first, ir.Record):
        kinds = frozenset({sources.BODY, sources.QUERY, sources.REQUEST, sources.FIELD, sources.EVENT})
        if not isinstance(first, ir.Concat):
            flow.uses.inject("injection.nosql", call, sources.of_kinds(flow.facts(first, frame), kinds, "nosql"), what)
        return
    for key, value in first.entries:
        if isinstance(key, ir.Const) and key.value == "$where":
            flow.uses.inject(
                "injection.nosql", call, sources.of_kinds(flow.facts(value, frame), TAINTED, "nosql"), "`$where`"
            )
        elif not isinstance(value, ir.Concat | ir.Record) and not _made_text(resolved(value, frame)):
            facts = flow.facts(value, frame)
            loose = sources.of_kinds(facts, frozenset({sources.BODY}), "nosql")
            if "express" in flow.module.text:
                loose += sources.of_kinds(facts, frozenset({sources.QUERY}), "nosql")
            loose = [o for o in loose if o.root not in flow.entry.checked]
            flow.uses.inject("injection.nosql", call, loose, what, level=Level.WARNING)
