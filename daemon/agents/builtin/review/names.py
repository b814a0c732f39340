"""What dangerous functions are called, by their dotted names (see ``frames.Namer``)."""

from __future__ import annotations

import re

from daemon.agents.builtin.review.model import words

SHELL = re.compile(
    r"^(?:os\.(?:system|popen|popen[234])|commands\.get(?:status)?output|subprocess\.get(?:status)?output|"
    r"asyncio\.create_subprocess_shell|asyncio\.subprocess\.create_subprocess_shell|popen2\.\w+|pty\.spawn|"
    r"pexpect\.(?:run|spawn)|"
    r"(?:child_process|child-process-promise|promisify-child-process|await-exec|cross-spawn|mz/child_process)\.(?:exec|execSync)|shelljs\.exec|"
    r"shelljs\.default\.exec|node-cmd\.(?:run|runSync|get)|delegator\.run|invoke\.run|fabric\.\S*\.(?:run|sudo|local)|"
    r"asyncssh\.\S*\.run|"
    r"execa\.(?:command|commandSync|execaCommand|execaCommandSync)|ssh2\.\S+\.exec|\S*(?:\.|^)(?:exec_command|execCommand|"
    r"subprocess_shell))$"
)
PROCESS = re.compile(
    r"^(?:os\.(?:spawn\w+|exec[lv]\w*|posix_spawn\w*|startfile)|asyncio\.create_subprocess_exec|"
    r"asyncio\.subprocess\.create_subprocess_exec|\S*\.subprocess_exec|"
    r"subprocess\.(?:run|call|check_call|check_output|Popen)|"
    r"node-pty\.spawn|(?:child_process|cross-spawn)(?:\.(?:spawn|spawnSync|execFile|execFileSync|fork))?|execa(?:\.(?:execa|"
    r"execaSync|default|sync))?)$"
)
EVAL = re.compile(
    r"^(?:eval|exec|compile|Function|execfile|sympy\.(?:sympify|S|parse_expr)|sympy\.parsing\.\S*parse_expr|__builtins__\.eval|builtins\.(?:eval|exec)|vm\.(?:run\w+|Script|"
    r"compileFunction)|vm2?\.\S*run|sandbox(?:\(\)|\.\w+\(\))?\.run|"
    r"new Function|safe-eval|notevil|static-eval|jsonata|eval5\.\w+|asteval\.\S+|vm2\.VM\(\)\.run|isolated-vm\S*\.\w+|"
    r"mathjs\.(?:eval|evaluate)|expression_eval|runpy\.\w+|code\.interact|code\.Interactive(?:Console|Interpreter)\(\)\.(?:push|runcode|runsource)|"
    r"require|import|setTimeout|setInterval|globalThis\.eval|window\.eval|importlib\.import_module|__import__|pandas\.eval|pd\.eval|"
    r"numexpr\.evaluate|(?:\w*df|dataframe|(?:pandas|pd)\.\w+\(\))\.(?:query|eval)|(?:io)?redis\.\S*\.eval)$"
)
DESERIALIZE = re.compile(
    r"^(?:_?c?[pP]ickle\.(?:loads?|Unpickler)|dill\.loads?|cloudpickle\.loads?|shelve\.open|marshal\.loads?|"
    r"jsonpickle\.decode|"
    r"joblib\.load|(?:js-)?yaml(?:\.default)?\.(?:load|load_all|loadAll|safeLoad|safeLoadAll|unsafe_load|full_load)|YAML\.load|ruamel\.yaml\.load|torch\.load|"
    r"pandas\.read_pickle|pd\.read_pickle|"
    r"node-serialize(?:\.unserialize)?|serialize-to-js\.deserialize|serialize-javascript\.deserialize|funcster\.\w+|cryo\.parse|jsonpickle\.loads|"
    r"numpy\.load|js-yaml-unsafe\S*)$"
)
TEMPLATE = re.compile(
    r"(?:^|\.)(?:render_template_string|jinja2\.Template|Environment\(\)\.from_string|from_string|"
    r"mako\.template\.Template|tornado\.template\.Template|django\.template\.Template|engines\S*\.from_string|"
    r"handlebars\.compile|Handlebars\.compile|handlebars\.default\.compile|ejs\.(?:render|compile)|"
    r"pug\.(?:render|compile)|nunjucks\.renderString|"
    r"lodash\.template|_\.template|mustache\.render|Mustache\.render|dot\.template|doT\.template|hogan\.compile|"
    r"eta\.render)$"
)
PATHS = re.compile(
    r"^(?:open|io\.open|codecs\.open|os\.(?:open|remove|unlink|rename|mkdir|makedirs|rmdir|listdir|scandir|walk|chmod|"
    r"symlink|replace)|aiofiles\.open|"
    r"shutil\.(?:copy\w*|move|rmtree|unpack_archive)|flask\.(?:send_file|send_from_directory)|send_file|"
    r"zipfile\.ZipFile|tarfile\.open|glob\.i?glob|"
    r"(?:fs|fs/promises|fs-extra|graceful-fs|mz/fs|fs\.promises|"
    r"fsPromises)(?:\.default)?\.(?:promises\.)?(?:readFile|readFileSync|writeFile|writeFileSync|"
    r"appendFile|appendFileSync|createReadStream|createWriteStream|unlink|unlinkSync|readdir|readdirSync|rm|"
    r"rmSync|rmdir|"
    r"mkdir|mkdirSync|copyFile|copyFileSync|rename|renameSync|open|openSync|outputFile|remove|readJson|readJSON|"
    r"writeJson)|"
    r"(?:ejs|pug)(?:\.default)?\.renderFile|(?:aio)?boto3\.\S+\.upload_file|\S*\.(?:send[fF]ile|download_file|extractall)|(?:res|response|reply)\.download|(?:\S*\.)?FileResponse)$"
)
PATH_METHODS = words(
    "read_text read_bytes write_text write_bytes open unlink rename rmdir mkdir iterdir glob rglob touch"
)
"""What a ``pathlib.Path`` has that opens, lists or changes what it names."""
PATH_READS = re.compile(
    r"(?:^|\.)Path\(\)(?:\.(?:absolute|resolve|expanduser|joinpath)\(\))*"
    rf"\.(?:{'|'.join(sorted(PATH_METHODS))})$"
)
TAKES_PATHS = re.compile(
    r"^(?:PIL\.)?Image\.open$|^cv2\.im(?:read|write)$|^(?:numpy|np)\.(?:loadtxt|genfromtxt|fromfile|savetxt|save)$|"
    r"^linecache\.getlines?$|^sqlite3\.connect$|^sharp(?:\.default)?$|^xlsx\.(?:readFile|writeFile)$|^jimp(?:\.\w+)*\.read$|^adm-zip$"
)
"""What takes a path among other things: it is one where it is put together as text."""
PATTERNS = re.compile(r"^(?:RegExp|re\.(?:compile|search|match|fullmatch|sub|subn|split|findall|finditer))$")
"""What takes a regular expression first."""
JOINS = re.compile(r"^(?:os\.)?path(?:\.default)?\.(?:join|resolve)$|^path\.posix\.(?:join|resolve)$")
"""What puts a path together."""
SETS_HEADERS = re.compile(r"^(?:res|response|reply)\.(?:header|set|setHeader|writeHead)$")
VIEWS = re.compile(r"^(?:res|response)\.render$")
"""What renders a view by its name."""
DIRECTORY = re.compile(r"(?:^|\.)(?:parseFilter|parseDN|search(?:_s|_st|_ext|_ext_s)?|paged_search)$")
"""Searches of a directory (LDAP)."""
DIRECTORIES = re.compile(r"\bldap", re.IGNORECASE)
XPATHS = re.compile(
    r"(?:^|\.)(?:xpath|XPath|ETXPath|selectNodes)$|^xpath\.useNamespaces\(\)$|^(?:xpath\.)?select1?$|^xml\.etree\.\S*\(\)\.(?:find|findall|findtext|iterfind)$|^xpath\.(?:evaluate|parse)$"
)
"""What evaluates an XPath expression."""
GRAPHS = re.compile(r"(?:^|\.)(?:run|query|executeQuery|execute_query|execute)$")
"""What runs a statement of a graph database, when it is one."""
CLIENTS = re.compile(
    r"^(?:aio)?boto3\.(?:client|resource)(?:\(\w*\))?$|^@aws-sdk/client-[\w-]+\.\w+Client$|^aws-sdk\.\w+$"
)
"""Constructors of AWS clients; some take the address to speak to."""
RUNS_BY_NAME = re.compile(
    r"^(?:(?:shell|bash|cmd|command)_?(?:exec(?:ute)?|run)|(?:exec(?:ute)?|run)_?(?:shell|bash|cmd|command|script|code)\w*|"
    r"exec(?:ute)?_and_\w+|shell_\w+|run_?in_?shell)$",
    re.IGNORECASE,
)
"""Functions of other files that run what they are given, as far as their name tells."""
FETCHES_BY_NAME = re.compile(
    r"^(?i:download|crawl|scrape|take_?screenshot|screenshot|capture_?(?:page|site|url|screenshot)|visit|render_?url|open_?(?:page|url)|"
    r"fetch_?(?:pdf|page|url|image|html|file|content|site|remote))(?=[A-Z_]|$)"
)
"""Functions of other files that ask for what they are given, as far as their name tells."""
STARTS_MACHINES = {"run_instances", "create_instances", "runInstances", "RunInstancesCommand", "request_spot_instances"}
SOCKETS = re.compile(
    r"^(?:net|tls|node:net|node:tls)(?:\.default)?\.(?:connect|createConnection)$|^net\.Socket\(\)\.connect$|"
    r"^socket\.(?:create_connection|socket\(\)\.connect)$|^paramiko\.SSHClient\(\)\.connect$"
)
"""What opens a plain connection."""
SENT = re.compile(
    r"^(?:res|response|reply)(?:\.(?:status|type|set|header|code|contentType|append|cookie)\(\))*\.(?:send|end|write)$"
)
"""What answers a request with a text."""
PAGES = re.compile(r"^django\.(?:\w+\.)*HttpResponse$|(?:^|\.)HTMLResponse$|^flask\.(?:make_response|Response)$")
"""What makes a page of a text, as long as no other type is said."""
SHOWN = re.compile(
    r"^(?:window\.)?document\.write(?:ln)?$|(?:^|\.)(?:insertAdjacentHTML|createContextualFragment)$|^(?:\$|jQuery)\(\)\.html$"
)
"""What shows a text in the page it runs in, as HTML."""
MARKED_SAFE = re.compile(r"(?:^|\.)(?:Markup|mark_safe|SafeString|SafeText)$")
"""What says of a text that it needs no escaping."""
SQL_TEXT = re.compile(r"^(?:sqlalchemy(?:\.\w+)*|sa|db)\.(?:text|literal_column)$")
"""What makes SQL of a text as it stands."""
CHAINED = re.compile(
    r"^(?:superagent|unirest|needle|request|supertest)\.\w+\(\)\S*\.(?:send|form|field|query|attach)$|"
    r"^http\.client\.HTTPS?Connection\(\)\.request$|^https?\.request\(\)\.(?:write|end)$"
)
"""What a request that is put together step by step carries."""
REMOTE_SHELL = re.compile(r"(?:^|\.)(?:send_command|sendCommand|SendCommandCommand)$")
REDIRECTS = re.compile(
    r"^(?:flask\.)?redirect$|^(?:res|response|reply|rep|ctx|context|c)\.redirect$|(?:^|\.)(?:RedirectResponse|HttpResponseRedirect)$"
)
REQUESTS = re.compile(
    r"^(?:fetch|node-fetch(?:\.default)?|isomorphic-fetch|cross-fetch(?:\.\w+)?|undici\.(?:fetch|request)|"
    r"axios(?:\.default)?(?:\.create\(\))?(?:\.(?:get|post|put|patch|delete|head|request|create))?|"
    r"got(?:\.(?:default|get|post|put|stream|got))*|request(?:\.\w+)?|request-promise(?:-native)?(?:\.\w+)?|"
    r"superagent\.\w+|needle(?:\.\w+)?|"
    r"https?\.(?:get|request)|follow-redirects\.https?\.(?:get|request)|phin|bent|ky(?:\.\w+)?|"
    r"(?:botocore\.vendored\.)?requests\.(?:get|post|put|patch|delete|head|request)|requests\.[sS]ession\(\)\.(?:get|post|put|patch|"
    r"delete|head|request)|httpx\.(?:\w+\(\)\.)?(?:get|post|put|patch|delete|head|request|stream)|"
    r"urllib\.request\.(?:urlopen|urlretrieve|Request)|urllib2?\.(?:urlopen|Request|urlretrieve)|urlopen|"
    r"urllib3\.(?:PoolManager\(\)\.)?(?:request|urlopen)|botocore\.awsrequest\.AWSRequest|"
    r"git\.Repo\.clone_from|simple-git\S*\.clone|wretch|link-preview-js\.getLinkPreview|open-graph-scraper|unfurl\S*|"
    r"metascraper|rss-parser\(\)\.parseURL|cheerio\.fromURL|ytdl-core(?:\.\w+)?|@distube/ytdl-core(?:\.\w+)?|playwright\S*\.goto|"
    r"feedparser\.parse|newspaper\.Article|pytube\.YouTube|pdfkit\.from_url|imgkit\.from_url|(?:tf|tensorflow|keras)\.\S*utils\.get_file|cloudscraper\.\S*\.get|"
    r"(?:pandas|pd)\.read_(?:csv|json|html|excel|parquet|xml)|selenium\.\S*\(\)\.get|requests_html\.\S*\.(?:get|post|request)|"
    r"aiohttp\.ClientSession\(\)\.(?:get|post|put|patch|delete|request)|http\.client\.HTTPS?Connection|"
    r"(?:yt_dlp|youtube_dl)\.YoutubeDL\(\)\.(?:download|extract_info)|trafilatura\.fetch_url|cv2\.VideoCapture|"
    r"imageio(?:\.v\d)?\.\w+|langchain\w*\.\S*(?:WebBase|URL|Url)\w*Loader|weasyprint\.HTML|jsdom\.JSDOM\.fromURL|lighthouse|"
    r"download|(?:\S*\.)?createProxyServer\(\)\.web|wget\.download|\S*(?:[pP]age|Page\(\)|newPage\(\))\.goto|\S*\.\$http\.\w+|wkhtmltopdf|wkhtmltoimage\.generate|slackweb\.Slack|"
    r"slack_sdk\.webhook\.WebhookClient|slack_sdk\.WebhookClient|@slack/webhook\.IncomingWebhook|"
    r"ftplib\.FTP(?:_TLS)?|smtplib\.SMTP(?:_SSL)?|telnetlib\.Telnet|imaplib\.IMAP4(?:_SSL)?|poplib\.POP3(?:_SSL)?|"
    r"html-pdf-node\.generatePdf|capture-website\.\w+|\S*create\(\)\.open)$"
)
SQL_WORDS = re.compile(
    r"\b(?:select\b[\s\S]{1,400}?\bfrom|insert\s+into|update\s+[\w`\"'\[\].{}%$ -]{1,80}\s+set|update\s*$|"
    r"delete\s+from|create\s+(?:temporary\s+)?(?:table|database|user|view|schema|role)|"
    r"drop\s+(?:table|database|user|schema)|alter\s+(?:table|user)|truncate\s+table|merge\s+into|"
    r"^\s*(?:describe|explain|show\s+(?:tables|columns|create|index\w*|full))\s|"
    r"where\s+[\w.`\"]+\s*(?:=|in|like|<|>)|"
    r"select\s+[\w*,. `\"]+\s*$|call\s+\w+\s*\(|grant\s+\w+|replace\s+into|copy\s+\w+\s+from|union\s+select|"
    r"select\s+\*)",
    re.IGNORECASE,
)
SQL_CALLS = words(
    """
    query execute executemany executescript raw $queryRawUnsafe $executeRawUnsafe read_sql read_sql_query
    mogrify executeStatement execute_statement batch_execute_statement batchExecuteStatement prepare
    simple_query exec_driver_sql start_query_execution startQueryExecution run get exec all each unsafe whereRaw
    orderByRaw selectRaw havingRaw rawQuery run_query runQuery execute_query executeQuery fetch fetchrow
    fetchval fetch_all fetch_one queryRaw literal ExecuteStatementCommand StartQueryExecutionCommand
    BatchExecuteStatementCommand executeSql execute_sql query_one queryOne one many any oneOrNone manyOrNone
    none text read_sql_table RawSQL where andWhere orWhere having
    """
)
SQL_KEYS = (
    "sql",
    "text",
    "query",
    "Sql",
    "QueryString",
    "Statement",
    "statement",
    "sql_query",
    "operation",
    "con",
    "sqlText",
    "stmt",
    "sqlStatement",
)
SHELLS = re.compile(r"(?:^|/)(?:ba|z|k|da|c)?sh(?:\.exe)?$|cmd\.exe$|powershell")


SQL_RUNS = words(
    """
    execute query executemany executescript raw $queryRawUnsafe read_sql unsafe executeStatement execute_statement
    start_query_execution startQueryExecution StartQueryExecutionCommand whereRaw $executeRawUnsafe
    """
)
RUNS_SQL = re.compile(r"(?:^|[._])(?:\w*[qQ]uery|execute|exec|raw|run_sql|runSql|execute_sql|executeSql)$")
"""What may run a statement that it is handed, as far as its name tells."""
SQL_LIBRARIES = re.compile(
    r"psycopg|pymysql|mysql|sqlite|\bpg\b|postgres|sqlalchemy|sequelize|knex|typeorm|prisma|mssql|pyodbc|cx_Oracle|"
    r"rds-data|RDSDataService|athena|aurora|slonik|snowflake|redshift|duckdb|mariadb|asyncpg",
    re.IGNORECASE,
)
DOCUMENT_CLIENT = re.compile(
    r"dynamo|DocumentClient|documentClient|docClient|ddb|\.Table\(\)|(?:^|\.)(?:db|table|client|dynamoDB)$",
    re.IGNORECASE,
)
MODEL = re.compile(r"^(?:\.{1,2}|@|~|src)/\S*models?\b|^\.{1,2}/\S*[mM]odel\b")
"""A model of the project's own: ``../models/user``."""
