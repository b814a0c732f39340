"""Where unchecked input is kept or sent on: tables, buckets, queues, services, files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, rows, sources
from daemon.agents.builtin.review.arguments import fields, resolved
from daemon.agents.builtin.review.frames import key_of
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.names import DOCUMENT_CLIENT, MODEL
from daemon.agents.builtin.review.sources import GIVEN, Facts

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
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
    sendmail create_user create_superuser
    post_text postText recognize_text recognizeText submit_job submitJob put_evaluations run_task runTask start_job_run
    upload invoke invokeAsync rpush lpush hset xadd produce sendMail
    """
)
_COMMANDS = re.compile(
    r"^(?:Put|Update|BatchWrite|TransactWrite|Send|Publish|Start(?:Sync)?Execution|Create|PostToConnection|Invoke(?!Model|Agent|"
    r"Flow)|SubmitJob|RunTask|PostText|RecognizeText|Upload|Admin(?:Create|Update))\w*Command$"
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
_DOCUMENTS = re.compile(
    r"(?:document|doc)\(\)\.(?:set|update|create)$|collection\(\)\.add$|\.ref\(\)\.(?:set|update|push)$|"
    r"(?:^|\.)(?:set|add|update)Doc$"
)
"""Writes of Firestore and of Firebase's tree."""
_FIREBASE = re.compile(r"fire(?:store|base)", re.IGNORECASE)
_REPOSITORY = re.compile(
    r"repo(?:sitory)?(?:\(\))?$|entity_?manager$|^(?:\S*\.)?(?:db|models?|database)\.\w+$", re.IGNORECASE
)
_NOT_DATA = words(
    """
    Key TableName tableName ReturnValues ConditionExpression Bucket QueueUrl TopicArn StreamName
    UpdateExpression ExpressionAttributeNames FunctionName stateMachineArn PartitionKey where filter
    MessageGroupId MessageDeduplicationId ContentType ContentEncoding
    """
)
_OWN_NAMES = {"name", "key", "Name"}
_NAMED = re.compile(
    r"^(?:start|Start|put_?(?:parameter|rule)|Put(?:Parameter|Rule)|create_?secret|CreateSecret)", re.IGNORECASE
)
"""Requests whose ``name`` is that of the run, the rule or the parameter, and no data."""
_KEEPS_UNDER_A_KEY = re.compile(r"\.Object\(\)$|(?:^|[._])KV$|(?:^|\.)env\.[A-Z_]+$")
"""An object of S3's, a store of Cloudflare's that its workers are bound to."""
_CACHES = {"set", "setex", "setEx", "hset", "hSet", "lpush", "lPush", "rpush", "rPush", "sadd", "sAdd", "zadd", "zAdd"}
_CACHE = re.compile(r"redis|valkey|memcache", re.IGNORECASE)
_ADDRESSEES = {"FunctionName", "QueueUrl", "TopicArn", "stateMachineArn", "StreamName", "EventBusName"}
"""Parts of a request that say who gets it: a caller should not choose among all there are."""
_OBJECTS = {"put_object", "upload_file", "upload_fileobj", "putObject", "PutObjectCommand", "upload"}
"""Writes to a bucket, where a caller who chooses the name can overwrite what others wrote."""
_OWN_MODEL = re.compile(r"^(?:\.{1,2}|@|~|src)/[^()]*\(\)\.save$")
"""``new User({...})`` of a neighbouring file, saved."""
_TELLS = re.compile(
    r"^(?:create|send|post|update|add|insert|put|publish|write|save|upload|register|subscribe|invite|charge|refund|transfer|"
    r"notify|comment|upsert|start|trigger|submit|broadcast|reply|status|sync|exchange|get_?[tT]oken|grant|assign|set)"
    r"(?=[A-Z_]|$)"
)
"""Verbs of services: what they are given is kept or told there."""
_MERGES = re.compile(r"^(?:lodash(?:\.default)?|_)[./](?:merge|mergeWith|defaultsDeep|set|setWith)(?:\.default)?$")
"""What copies a whole tree, ``__proto__`` with it."""
_SEARCHES = re.compile(r"opensearch|elasticsearch", re.IGNORECASE)
_PACKAGE = re.compile(r"^(?:@[\w-]+/)?[a-z][\w-]*")
_TOOLS = re.compile(
    r"^(?:(?:crypto|fs|path|os|util|url|querystring|qs|buffer|stream|zlib|events|https?|uuid|async|bluebird)(?![\w-])|"
    r"lodash|underscore|ramda|moment|dayjs|date-fns|luxon|jsonwebtoken|jose|bcrypt|argon2|express|fastify|koa|react|@nestjs|"
    r"ajv|joi|zod|yup|class-|validator|aws|pino|winston|@aws|middy|@middy|rxjs|immer|redux|graphql|prisma|sequelize|mongoose)"
)
"""Packages that work on what they are given, or are looked at elsewhere."""


def _foreign(flow: Flow, call: ir.Call, name: str) -> bool:
    """Whether a method is a client's whose package is nobody's of this project: ``octokit.issues.create(body)``."""
    package = _PACKAGE.match(name)
    if flow.module.language != "script" or not isinstance(call.func, ir.Member) or package is None:
        return False
    known = re.compile(rf"""["']{re.escape(package.group())}["'/]""")
    return not _TOOLS.match(package.group()) and flow.says(known)


def _chooses_a_bucket(call: ir.Call, name: str, tail: str) -> bool:
    return bool(call.args or call.kwargs) and (
        (name.startswith("@aws-sdk/client-s3") and tail.endswith("Command")) or name.startswith("boto3.client(s3)")
    )


def _chooses(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> None:
    """A bucket that the caller names, or an attribute of some object."""
    if _chooses_a_bucket(call, name, tail):
        bucket = (v for k, v, _ in fields(call, frame) if k == "Bucket")
        chosen: Facts = frozenset(o for value in bucket for o in flow.facts(value, frame) if o.kind in GIVEN)
        flow.uses.use(call, chosen, f"the bucket that `{tail}` asks", store=False, weak=True)
    elif name == "setattr" or tail == "__setattr__":
        attribute: Facts = frozenset(o for arg in call.args[-2:-1] for o in flow.facts(arg, frame) if o.kind in GIVEN)
        flow.uses.use(call, attribute, "an attribute that it chooses", store=False)
        row = call.args[0] if len(call.args) == 3 else None
        if isinstance(row, ir.Name) and row.id not in {"self", "cls"}:
            store(flow, call, flow.facts(call.args[-1], frame), "an attribute of a row", weak=True)


_COLLECTIONS = {"collection", "Table", "get_collection"}


def look(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> None:
    """Look at one call for what it keeps or sends on."""
    _chooses(flow, call, name, tail, frame)
    if _writes(flow, call, name, tail, frame):
        _written(flow, call, tail, frame)
    elif tail in _COLLECTIONS and isinstance(call.func, ir.Member) and call.args:
        named: Facts = frozenset(o for o in flow.facts(call.args[0], frame) if o.kind in GIVEN)
        flow.uses.use(call, named, f"`{tail}`, which it chooses", store=False)
    elif _is_sent(flow, call, name, tail):
        _sent(flow, call, tail, frame)
    elif (row := rows.written(flow, call, name, tail, frame)) is not None:
        store(flow, call, row.facts, row.how, weak=row.weak)
    elif tail in _PREDICTS and isinstance(call.func, ir.Member):
        fed: Facts = frozenset().union(*(flow.facts(arg, frame) for arg in call.args))
        store(flow, call, fed, f"`{tail}` of a model", weak=True)
    elif name == "Object.assign" and len(call.args) > 1 and rows.is_found(call.args[0], frame):
        laid: Facts = frozenset().union(*(flow.facts(arg, frame) for arg in call.args[1:]))
        store(flow, call, laid, "a row", weak=True)
    elif _MERGES.match(name):
        merged: Facts = frozenset(o for arg in call.args[1:] for o in flow.facts(arg, frame) if o.kind in GIVEN)
        flow.uses.use(
            call, merged, f"`{name.rsplit('.', maxsplit=1)[-1]}`, which writes to any path in it", store=False
        )
    elif tail == "search" and flow.says(_SEARCHES):
        asked: Facts = frozenset().union(*(flow.facts(value, frame) for _, value in call.kwargs))
        flow.uses.use(
            call, frozenset(o for o in asked if o.kind in GIVEN), "the body of a search", store=False, weak=True
        )
    elif (tail in _FILE_WRITES and _FILES.search(name)) or name in _DUMPS:
        content = call.args[1:2] if len(call.args) > 1 and name not in _DUMPS else call.args[:1]
        facts: Facts = frozenset().union(*(flow.facts(arg, frame) for arg in content))
        store(flow, call, facts, f"`{tail}`", weak=True)


_PREDICTS = {"predict", "predict_proba", "forward", "transform", "kneighbors"}
"""What a model of statistics is fed by."""
_SERVICES = re.compile(
    r"^(?:aio)?boto3\.(?!dynamodb\.(?:conditions|types)\b)|^aws-sdk\b|(?:^|\.)(?:Invoke(?:Model|Agent|Flow)\w*|Converse\w*|SignUp|RetrieveAndGenerate)Command$|"
    r"^(?:stripe|twilio|@sendgrid/mail|sendgrid|mailgun\S*|nodemailer|postmark|resend|openai|@anthropic-ai/sdk|anthropic|"
    r"@google/gen(?:erative-)?ai|google\.gen(?:erative)?ai|@azure/openai|groq(?:-sdk)?|cohere(?:-ai)?|@?mistralai(?:/\S+)?|"
    r"replicate|ollama|@huggingface/inference|huggingface_hub|vertexai|@google-cloud/vertexai|firebase-admin|firebase_admin|@supabase/supabase-js|supabase|pusher|"
    r"@slack/web-api|slack_sdk|airtable|algoliasearch|@elastic/elasticsearch|@opensearch-project/opensearch|opensearchpy|"
    r"elasticsearch|@mailchimp/\S+|braintree|square|@hubspot/api-client|telegram|node-telegram-bot-api|onesignal-node|amazon-cognito-identity-js|aws-amplify)\b|"
    r"(?:completions|messages|responses|embeddings|images)\.(?:create|stream)$|(?:^|\.)(?:getSignedUrl|createPresignedPost)$"
)
"""Calls that carry what they are given to a service: a model, an address that is signed, a user pool."""
_SENDING = re.compile(
    r"^(?!(?:get|list|describe|query|scan|head|filter|batch_?get|search(?!_?[fF]aces)|lookup|delete|receive|close|client|resource|Table|"
    r"Bucket|Object|Queue|Topic|meta|paginate|session|download|wait|can_paginate|promise|on|then)(?:[A-Z_]|$))[a-z]"
)
_ASKS_A_MODEL = {"getChatCompletions", "getCompletions", "streamChatCompletions", "get_chat_completions"}
"""What Azure's clients put a question to a model with."""
_SIGNED = {
    "getSignedUrl", "getSignedUrlPromise", "createPresignedPost", "generate_presigned_url", "generate_presigned_post",
}  # fmt: skip
_STARTS = re.compile(
    r"^@aws-sdk/client-[\w-]+\.(?!Get|List|Describe|Query|Scan|Head|BatchGet|Search|Select|Delete|Lookup|Receive|Assume|Detect|"
    r"Verify|Filter)[A-Z]\w*Command$|^faunadb\.(?:\w+\.)?(?:Create|Update|Replace)$"
)
"""Requests to AWS that make, change or start something."""
_FILE_WRITES = {"writeFile", "writeFileSync", "appendFile", "appendFileSync", "write", "write_text", "outputFile"}
_DUMPS = {"json.dump", "yaml.dump", "yaml.safe_dump", "pickle.dump"}
"""What writes its first argument into a file."""
_FILES = re.compile(
    r"^(?:fs|fs/promises|fs-extra|node:fs)\b|^open\(\)\.write$|Path\(\)\.write_text$|aiofiles\.open\(\)"
)


def _is_sent(flow: Flow, call: ir.Call, name: str, tail: str) -> bool:
    """Whether a call carries what it is given to some service."""
    if tail in _SIGNED or tail in _ASKS_A_MODEL or _STARTS.search(name):
        return True
    if _SERVICES.search(name) and (tail.endswith("Command") or _SENDING.match(tail)):
        return True
    return bool(_TELLS.match(tail)) and _foreign(flow, call, name)


def _sent(flow: Flow, call: ir.Call, tail: str, frame: Frame) -> None:
    facts: Facts = frozenset().union(
        *(flow.facts(arg, frame) for arg in call.args), *(flow.facts(value, frame) for _, value in call.kwargs)
    )
    kinds = GIVEN | {sources.HEADER, sources.PATH, sources.RECORD} if tail in _SIGNED else GIVEN
    flow.uses.use(call, frozenset(o for o in facts if o.kind in kinds), f"`{tail}`", store=True, weak=True)


def store(flow: Flow, call: ir.Call, facts: Facts, how: str, *, weak: bool = False) -> None:
    """Enter what is kept; keys and paths are no business of this. A queue's record is somebody else's to have
    checked: it counts little.
    """
    flow.uses.use(call, frozenset(o for o in facts if o.kind in GIVEN), how, store=True, weak=weak)
    if not flow.service:
        whole = frozenset(o for o in facts if o.kind == sources.EVENT)
        flow.uses.use(call, whole, how, store=True, weak=True)
    if guards.tail_of(call.func) not in _PASSING:
        paths = frozenset(o for o in facts if o.kind == sources.PATH)
        flow.uses.use(call, paths, how, store=True, weak=True)
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


def _by_its_options(call: ir.Call, frame: Frame) -> bool:
    """``updateItem({ Key, UpdateExpression, ExpressionAttributeValues })`` of whatever wraps DynamoDB's client."""
    keys = {key for key, _, _ in fields(call, frame)}
    return keys >= {"UpdateExpression", "ExpressionAttributeValues"} or keys >= {"TableName", "Item"}


def _is_a_write(flow: Flow, call: ir.Call, tail: str, receiver: str) -> bool:
    """Whether a method that is called like a write of a service's is one, by what it is called on."""
    if flow.module.language == "python" and tail != tail.lower():
        return False
    if tail == "invoke" and "SkillBuilder" in receiver:
        return False  # A skill of Alexa's finds the handler itself.
    if tail == "invoke" and any(key == "payload" for key, _ in call.kwargs):
        return True
    return tail not in _AMBIGUOUS or flow.says(_ORM) or "(" in receiver or bool(_AWS.search(receiver))


def _writes(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> bool:
    of_firebase = _DOCUMENTS.search(name) and flow.says(_FIREBASE)
    if _COMMANDS.match(tail) or of_firebase or _by_its_options(call, frame):
        return True
    if not isinstance(call.func, ir.Member):
        return False
    receiver = name[: -len(tail) - 1]
    if tail in _WRITES:
        return _is_a_write(flow, call, tail, receiver)
    if tail in _CACHES and _CACHE.search(receiver):
        return True
    if tail in {"add", "add_all", "merge"} and rows.SESSION.search(receiver):
        return True
    if _MODEL_WRITES.match(tail):
        if tail in {"put", "update"} and DOCUMENT_CLIENT.search(receiver):
            return True
        if tail == "put" and _KEEPS_UNDER_A_KEY.search(receiver):
            return True
        if tail == "save" and (_OWN_MODEL.match(name) or not any(not isinstance(arg, ir.Lambda) for arg in call.args)):
            return True
        return bool(flow.says(_ORM) or MODEL.search(name) or _REPOSITORY.search(receiver)) and tail in {
            "create",
            "save",
            "insert",
            "upsert",
        }
    return False


def _chosen(flow: Flow, call: ir.Call, key: str, tail: str, facts: Facts) -> None:
    """What of a request is no data, and yet nothing that a caller should choose."""
    if key == "ExpressionAttributeNames":
        flow.uses.use(call, facts, "the attribute that it chooses", store=False, weak=True)
    elif key in _ADDRESSEES:
        flow.uses.use(call, facts, f"`{key}` of `{tail}`", store=False)
    elif key == "Key" and tail in _OBJECTS:
        flow.uses.use(call, facts, f"the name of what `{tail}` keeps", store=True, weak=True)


def _data(flow: Flow, value: ir.Expr, frame: Frame) -> Facts:
    """What a value holds but for keys: ``TransactItems: [{ Update: { Key, ExpressionAttributeValues } }]``."""
    if isinstance(value, ir.Listing) and all(isinstance(item, ir.Record) for item in value.items):
        return frozenset().union(*(_data(flow, item, frame) for item in value.items))
    if isinstance(value, ir.Record) and any(
        isinstance(k, ir.Const) and k.value in _TRANSACTED for k, _ in value.entries
    ):
        return frozenset().union(*(_data(flow, part, frame) for _, part in value.entries))
    if isinstance(value, ir.Record) and any(
        isinstance(k, ir.Const) and k.value == "TableName" for k, _ in value.entries
    ):
        kept = [v for k, v in value.entries if not (isinstance(k, ir.Const) and k.value in _NOT_DATA)]
        return frozenset().union(*(flow.facts(part, frame) for part in kept))
    return flow.facts(value, frame)


_TRANSACTED = {"Put", "Update", "Delete", "ConditionCheck"}


_BY_A_FILTER = words(
    "findOneAndUpdate findOneAndReplace find_one_and_update updateOne updateMany update_one update_many replaceOne "
    "replace_one"
)
"""What takes first which rows are meant."""


def _written(flow: Flow, call: ir.Call, tail: str, frame: Frame) -> None:
    facts: Facts = frozenset()
    if tail == "save" and isinstance(call.func, ir.Member):
        facts = flow.facts(call.func.base, frame)
        owner = key_of(call.func.base)
        for key, fact in list(frame.facts.items()):
            if owner and key.startswith(f"{owner}."):
                facts |= fact
    by_key = call.args[0] if (tail.startswith("findById") or tail in _BY_A_FILTER) and call.args else None
    asked = resolved(by_key, frame) if by_key is not None else None
    of_the_filter = {id(part) for _, part in asked.entries} if isinstance(asked, ir.Record) else set()
    for key, value, _ in fields(call, frame):
        if value is by_key or id(value) in of_the_filter:
            continue
        if key not in _NOT_DATA and not (key in _OWN_NAMES and _NAMED.match(tail)):
            facts |= _data(flow, value, frame)
        else:
            _chosen(flow, call, key, tail, frozenset(o for o in flow.facts(value, frame) if o.kind in GIVEN))
    for arg in call.args:
        if isinstance(arg, ir.Name) and isinstance(resolved(arg, frame), ir.Record | ir.Call):
            for key, fact in list(frame.facts.items()):
                if key.startswith(f"{arg.id}.") and key.split(".")[1] not in _NOT_DATA:
                    facts |= fact
    store(flow, call, facts, f"`{tail}`")
