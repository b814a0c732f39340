"""Secrets by their use: compared with, logged in with, listed, typed into commands and addresses."""

from __future__ import annotations

import pytest

KEY = "9f8e7d6c5b4a" + "39281706f5e4d3c2b1a0"


def _rules(hits):
    return {rule for rule, _, level in hits if level != "note"}


@pytest.mark.parametrize(
    "line",
    [
        'if (req.body.password === "Winter2019!") open();',
        'if (event.headers["x-api-key"] !== "9d8f7s6a5d4f3s2a1") return;',
        'if (event.headers.Authorization != "Mpn Hei") return;',
        'const auth = "Basic " + Buffer.from("me:Passw0rd77").toString("base64");',
        "const auth = btoa('admin' + ':' + 'monday1');",
        'app.use(basicAuth({ users: { admin: "supersecret99" } }));',
        'const API_KEYS = ["k9f8e7d6c5b4a392"];',
        "app.register(fastifyCookie, { secret: 'my-secret-key' });",
        f"const client = new SearchClient('ABCD', '{KEY}');",
        'sgMail.setApiKey("a8d7f6a8sd7f6");',
        "const pool = mysql.createPool({ host: 'db.internal', user: 'root', password: 'password' });",
        "const db = new Sequelize('shop', 'root', 'root', { dialect: 'mysql' });",
        "const JWT_SECRET = 'secret';",
        "super({ ignoreExpiration: false, secretOrKey: 'secret' });",
        "if (event.headers.authorization == 'secretToken') return allow();",
        "const source = new DataSource({ host: 'db', username: 'postgres', password: '!p@ssword1' });",
        f"const url = 'https://news.test/all?' + 'q=' + q + '&' + 'apiKey={KEY}';",
        "rds.createDBInstance({ MasterUsername: 'admin', MasterUserPassword: 'mypassword' });",
        "const seed = { email: 'a@shop.test', password: hasher('superadminshop') };",
        "@Module({ imports: [Orm.forRoot({ host: 'db', user: 'root', password: '123456' })] })\nexport class App {}",
        f"const headers = {{ 'Ocp-Apim-Subscription-Key': '{KEY}' }};",
        f"const headers = {{ Authorization: '{KEY}' }};",
        'if (crypto.timingSafeEqual(Buffer.from(password), Buffer.from("swordfish77"))) open();',
    ],
)
def test_a_script_that_lets_in_or_logs_in_with_a_literal(found, line):
    assert any(rule.startswith("credential.") for rule in _rules(found("a.js", line + "\n", level=True)))


@pytest.mark.parametrize(
    "line",
    [
        "requests.get(url, auth=('me', 'p4ssw0rd'))",
        "search = OpenSearch(http_auth=('elastic', 'k8s7d6f9'))",
        'ftp.login("me", "pass123x")',
        'if password == "000000": open()',
        "VALID_TOKENS = {'a87sd6f8a7sd6f': 'user1'}",
        "USERS = {'alice': 'pa55word', 'bob': 'hunter22'}",
        "app.config['SECRET_KEY'] = 'dev'",
        "app.config['SECRET_KEY'] = 'secret key'",
        "db = psycopg2.connect(host=h, user='root', password='password')",
        "dbpassword = 's3cr3tpw'",
        "admin = User('a@shop.test', hashpw(b'admin', gensalt()))",
        'ok = secrets.compare_digest(given.password, "swordfish")',
        'ok = hmac.compare_digest(b"swordfish", given.password.encode("utf8"))',
    ],
)
def test_a_python_program_likewise(found, line):
    assert _rules(found("a.py", line + "\n", level=True)) == {"credential.assigned"}


@pytest.mark.parametrize(
    "line",
    [
        'if (token === "allow") next();',
        'if (password === "undefined") return;',
        "if (req.body.password === req.body.confirm) next();",
        'if (headers.authorization === "Bearer ") return;',
        "const weakPasswords = ['abc123', 'qwerty12'];",
        "const conn = new Pool({ user: 'username', password: 'password', host: 'HOST URL' });",
        "const user = { password: hash(body.password) };",
        "const PATH_TO_PRIVATE_KEY = 'level_key2';",
        "const storageKeys = ['PK1', 'SK1'];",
        "const client = new Client('eu-west-1', 'my-function-name-v2');",
        f"const partitionKey = '{KEY}';",
        "client.login(username, password);",
        "sgMail.setApiKey(process.env.SENDGRID);",
        "const key = 'uploads/7b2b96c9-1be5-4810-ac2a-163f754e132c/1.png';",
        'server.login("me@example.com", "<password>");',
        "crypto.webcrypto.subtle.importKey('spki', bytes, { name: 'ECDSA' }, false, ['verify']);",
        "if (crypto.timingSafeEqual(Buffer.from(password), Buffer.from(process.env.PASSWORD))) open();",
    ],
)
def test_what_is_no_secret_though_it_stands_there(found, line):
    assert found("a.js", line + "\n") == set()


@pytest.mark.parametrize(
    "line",
    [
        "export DB_PASSWORD=hunter22xx",
        "mysql -u root -pHunter22 -e 'select 1'",
        "mysqldump -h db --password=Hunter22 shop",
        'echo "me:Hunter22" | sudo chpasswd',
        "sshpass -p 'Hunter22' ssh me@host",
        "curl -u admin:hunter22 https://shop.internal/x",
        "CREATE USER 'me'@'%' IDENTIFIED BY 'Hunter22!'",
        "CREATE USER me WITH PASSWORD 'Hunter22!'",
        f"https://api.weather.test/data?q=x&appid={KEY}",
        f"curl -H 'Authorization: Bearer {KEY}' https://shop.internal/x",
        "jdbc:mysql://h/x?user=a&password=hunter22",
    ],
)
def test_secrets_typed_into_commands_statements_and_addresses(found, line):
    for path, text in (
        ("main.tf", f"resource a b {{\n  user_data = <<EOF\n{line}\nEOF\n}}\n"),
        ("notes.txt", f"first\n\n{line}\n"),
        ("t.yml", f"run: |\n  first\n  {line}\n"),
    ):
        assert ("credential.in-text", 3) in found(path, text)


@pytest.mark.parametrize(
    "line",
    [
        "export DB_PASSWORD=$SECRET",
        "export DB_PASSWORD=${var.password}",
        "mysql -u root -p$PASS",
        "give --username and --password options",
        "mysql --password $PASS db",
        "GRANT ALL ON x TO me IDENTIFIED BY '%s'",
        "https://api.weather.test/data?appid=YOUR_KEY&q=x",
        "https://api.weather.test/data?token={token}",
        "an item is identified by 'itemKey2' there",
        "Authorization: Bearer <token>",
    ],
)
def test_placeholders_and_prose_in_texts_are_left_alone(found, line):
    assert found("notes.txt", line + "\n") == set()


def _token(claims):
    import base64
    import json

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{'dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW'}"


def test_a_signed_token_is_told_and_one_that_ends_is_a_note(found):
    lasting, ending = _token({"id": "auth0|57606", "iat": 1}), _token({"id": "auth0|57606", "exp": 1})
    assert found("a.js", f'init({{ clientId: "{lasting}" }});\n', level=True) == {("credential.in-text", 1, "warning")}
    assert found("a.js", f'init({{ clientId: "{ending}" }});\n', level=True) == {("credential.in-text", 1, "note")}


def test_a_token_that_ends_is_told_where_its_name_says_that_it_is_one(found):
    line = f"ACCESS_TOKEN = '{_token({'id': 'auth0|57606', 'exp': 1})}'\n"
    assert found("a.py", line, level=True) == {("credential.assigned", 1, "warning")}


def test_a_password_for_a_service_on_the_same_machine_is_a_warning(found):
    for host, level in (("localhost", "warning"), ("db.internal", "error")):
        text = f'url = "postgresql://me:(hunter22@{host}:5432/shop"\n'
        assert found("a.py", text, level=True) == {("credential.connection-string", 1, level)}


def test_a_token_of_the_manual_or_for_every_visitor_is_nobodys_secret(found):
    for claims in ({"sub": "1234567890", "name": "John Doe"}, {"iss": "supabase", "role": "anon"}):
        assert found("a.js", f'const t = "{_token(claims)}";\n') == set()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("provider:\n  environment:\n    DB_PASSWORD: admin\n", 3),
        ("provider:\n  environment:\n    JWT_SECRET: secret\n", 3),
        ("provider:\n  environment:\n    DB_PASS: ${env:DB_PASS, 'hunter2x'}\n", 3),
        ("provider:\n  apiKeys:\n    - name: x\n      value: kjhsdf876sdf876sdf8\n", 4),
        ("Resources:\n  D:\n    Type: AWS::RDS::DBInstance\n    Properties: {MasterUserPassword: password}\n", 4),
        ('Resources:\n  S:\n    Properties:\n      SecretString: \'{"password": "hunter22"}\'\n', 4),
        ("Resources:\n  S:\n    Properties: {Name: /db/password, Value: hunter22, Type: String}\n", 3),
        ("Resources:\n  S:\n    Properties: {Name: x, Value: hunter22, Type: SecureString}\n", 3),
        ("Environment:\n  - Name: GF_SECURITY_ADMIN_PASSWORD\n    Value: admin\n", 3),
        ("Parameters:\n  DBPassword: {Type: String, Default: password}\n", 2),
        ("custom:\n  db: {host: db.internal, user: root, password: password}\n", 2),
        ("provider:\n  environment:\n    VARIABLE_1: supersecret99\n", 3),
        ("Resources:\n  D:\n    Properties: {MasterUserPassword: 'ExamplePassword123!'}\n", 3),
        ('Resources:\n  S:\n    Properties:\n      SecretString: \'{"db": {"password": "hunter22"}}\'\n', 4),
    ],
)
def test_what_a_template_deploys_is_told_however_weak(found, text, line):
    assert ("credential.assigned", line, "warning") in found("serverless.yml", text, level=True)


def test_one_secret_in_a_line_is_told_once(found):
    assert len(found("a.yml", f"url: https://api.weather.test/x?api_key={KEY}\n")) == 1
    assert found("a.py", f'api_key = "{KEY}"\nDB_PASSWORD="hunter22"\n') == {
        ("credential.assigned", 1),
        ("credential.assigned", 2),
    }


def test_json_kept_as_a_text_is_looked_into(found):
    kept = '{"billing": {"plan": "999"}, "secrets": {"apiKey": "KQD0zIig6VGY4fxFfQ4p", "host": "api.internal"}}'
    assert ("credential.assigned", 1) in found("a.js", f"const kept = '{kept}';\n")
    assert found("a.js", 'const kept = \'{"secrets": {"apiKey": "your-api-key"}}\';\n') == set()


@pytest.mark.parametrize(
    "value", ["ChangeMePlease123!", "YourPassword123!", "<password>", "EXAMPLE", "examplepassword"]
)
def test_what_is_to_be_filled_in_is_no_password(found, value):
    text = f"Resources:\n  D:\n    Properties: {{MasterUserPassword: '{value}'}}\n"
    assert found("template.yml", text) == set()


def test_a_column_beside_the_word_secret_is_none(found):
    assert found("a.py", "FIELDS = {'free': 'f_num', 'secret': 's_title', 'password': 'p_num'}\n") == {
        ("credential.assigned", 1)
    }


@pytest.mark.parametrize(("host", "level"), [("shop.database.windows.net", "warning"), ("db", "note")])
def test_a_demo_s_password_opens_what_is_out_in_the_world(found, host, level):
    text = f"const config = {{ user: 'shop', password: 'demoPass0', server: '{host}' }};\n"
    assert ("credential.assigned", 1, level) in found("a.js", text, level=True)


def test_a_masked_password_in_a_description_is_none(found):
    assert found("a.py", 'text = f"host={h}, user=me, password=****, dbname={d}"\n') == set()
    assert found("a.py", "import pyotp\ncode = pyotp.TOTP('base32secret3232')\n") == {("credential.argument", 2)}


def test_a_password_that_a_function_of_the_file_is_given_in_its_place(found):
    text = "def add_user(name, shown, password):\n    ...\nadd_user('dev1', 'Developer 1', 'alongsecurepassword')\n"
    assert found("a.py", text) == {("credential.assigned", 3)}


def test_the_environment_of_a_container_is_told_without_a_digit_in_it(found):
    text = "services:\n  web:\n    environment:\n      - MYSQL_USER=shop\n      - MYSQL_PASS=shopandpass\n"
    assert found("docker-compose.yml", text) == {("credential.in-text", 5)}


def test_what_goes_wrong_without_a_key_is_no_key(found):
    assert found("a.ts", "const gone = { WEATHER_API_KEY: '/weather will fail' };\n") == set()
