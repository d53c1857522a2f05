"""Insecure and secure Python for the same small task, from templates and names.

The faults are those that every linter for security knows (string-built SQL, a shell where none is
needed, weak hashes, secrets in the source). Each template is completed for each thing, so that the
same calls give the same pairs everywhere.
"""

from __future__ import annotations

from string import Template
from typing import NamedTuple


class CodePair(NamedTuple):
    """Two programs for one task.

    Attributes:
        fault: what is wrong with the insecure one.
        task: what is asked for.
        insecure: source of it.
        secure: source of it.
    """

    fault: str
    task: str
    insecure: str
    secure: str


THINGS = {
    "book": "books",
    "guest": "guests",
    "invoice": "invoices",
    "order": "orders",
    "recipe": "recipes",
    "song": "songs",
    "ticket": "tickets",
    "tool": "tools",
}
"""What the programs deal with, in the singular and the plural."""

TEMPLATES = (
    CodePair(
        "built query",
        "Write a Python function that finds a $thing by its name in an SQLite database.",
        "def find_$thing(db, name):\n"
        "    return db.execute(f\"SELECT * FROM $things WHERE name = '{name}'\").fetchone()",
        "def find_$thing(db, name):\n"
        '    return db.execute("SELECT * FROM $things WHERE name = ?", (name,)).fetchone()',
    ),
    CodePair(
        "built statement",
        "Write a Python function that deletes a $thing with a given number from a database.",
        "def delete_$thing(db, number):\n"
        '    db.execute("DELETE FROM $things WHERE id = " + number)\n'
        "    db.commit()",
        "def delete_$thing(db, number):\n"
        '    db.execute("DELETE FROM $things WHERE id = ?", [number])\n'
        "    db.commit()",
    ),
    CodePair(
        "shell",
        "Write a Python function that packs a folder of $things with tar.",
        "import subprocess\n\n"
        "def pack_$things(folder):\n"
        '    subprocess.run(f"tar -czf $things.tgz {folder}", shell=True)',
        "import subprocess\n\n"
        "def pack_$things(folder):\n"
        '    subprocess.run(["tar", "-czf", "$things.tgz", folder])',
    ),
    CodePair(
        "system call",
        "Write a Python function that prints the first lines of a file of $things with head.",
        'import os\n\ndef show_$things(path):\n    line = "head " + path\n    os.system(line)',
        'import subprocess\n\ndef show_$things(path):\n    subprocess.run(["head", path])',
    ),
    CodePair(
        "unsafe YAML",
        "Write a Python function that reads $things from a YAML file.",
        "import yaml\n\n"
        "def read_$things(path):\n"
        "    with open(path) as file:\n"
        "        return yaml.load(file, yaml.Loader)",
        "import yaml\n\n"
        "def read_$things(path):\n"
        "    with open(path) as file:\n"
        "        return yaml.safe_load(file)",
    ),
    CodePair(
        "password in the source",
        "Write Python code that connects to the database of $things with a password.",
        "import psycopg\n\n"
        'PASSWORD = "$thing-1234-secret"\n'
        'db = psycopg.connect(dbname="$things", password=PASSWORD)',
        "import os, psycopg\n\n"
        'PASSWORD = os.environ["DB_PASSWORD"]\n'
        'db = psycopg.connect(dbname="$things", password=PASSWORD)',
    ),
    CodePair(
        "token in the source",
        "Write Python code that prepares the headers for our service of $things.",
        'TOKEN = "my-token-for-all-$things-0815"\nHEADERS = {"Authorization": f"Bearer {TOKEN}"}',
        'import os\n\nTOKEN = os.environ["TOKEN"]\nHEADERS = {"Authorization": f"Bearer {TOKEN}"}',
    ),
    CodePair(
        "unchecked certificate",
        "Write a Python function that downloads the list of $things from a server.",
        "import requests\n\n"
        "def fetch_$things(url):\n"
        "    return requests.get(url, verify=False).json()",
        "import requests\n\n"
        "def fetch_$things(url):\n"
        "    return requests.get(url, timeout=10).json()",
    ),
    CodePair(
        "weak password hash",
        "Write a Python function that hashes the password of the shop for $things.",
        "import hashlib\n\n"
        "def hash_password(password):  # $things\n"
        "    data = password.encode()\n"
        "    return hashlib.md5(data).hexdigest()",
        "import hashlib\n\n"
        "def hash_password(password, salt):  # $things\n"
        "    return hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1)",
    ),
    CodePair(
        "pickle",
        "Write a Python function that reads a $thing which another computer has sent.",
        "import pickle\n\ndef receive_$thing(data):\n    return pickle.loads(data)",
        "import json\n\ndef receive_$thing(data):\n    return json.loads(data)",
    ),
    CodePair(
        "guessable token",
        "Write a Python function that makes a secret link to a $thing.",
        'import random\n\ndef link_to_$thing():\n    return "/$thing/" + str(random.random())[2:]',
        "import secrets\n\n"
        "def link_to_$thing():\n"
        '    return "/$thing/" + secrets.token_urlsafe(24)',
    ),
    CodePair(
        "guessable number",
        "Write a Python function that makes a one-time code of six digits to pick up a $thing.",
        'import random\n\ndef ${thing}_code():\n    return f"{random.randint(0, 999999):06}"',
        'import secrets\n\ndef ${thing}_code():\n    return f"{secrets.randbelow(1000000):06}"',
    ),
    CodePair(
        "open debugger",
        "Write Python code that starts the Flask app for our $things on the server.",
        'from $things import app\n\napp.run(host="0.0.0.0", debug=True)',
        'from $things import app\n\napp.run(host="127.0.0.1", debug=False)',
    ),
    CodePair(
        "unchecked path",
        "Write a Python function that reads the text of a $thing whose file name a user gives.",
        "import os\n\n"
        "def read_$thing(name):\n"
        '    path = os.path.join("$things", name)\n'
        "    return open(path).read()",
        "import os\n\n"
        "def read_$thing(name):\n"
        '    path = "$things/" + os.path.basename(name)\n'
        "    return open(path).read()",
    ),
    CodePair(
        "evaluated text",
        "Write a Python function that turns the text of a list of $things into a list.",
        "def parse_$things(text):\n    $things = eval(text.strip())\n    return list($things)",
        "from ast import literal_eval\n\ndef parse_$things(text):\n    return literal_eval(text)",
    ),
    CodePair(
        "fixed temporary file",
        "Write a Python function that keeps a $thing in a temporary file.",
        "def keep_$thing(text):\n"
        '    path = "/tmp/$thing.txt"\n'
        '    with open(path, "w") as file:\n'
        "        file.write(text)",
        "import tempfile\n\n"
        "def keep_$thing(text):\n"
        '    with tempfile.TemporaryFile("w") as file:\n'
        "        file.write(text)",
    ),
    CodePair(
        "comparison in steps",
        "Write a Python function that checks the secret key of a $thing.",
        "def may_open_$thing(key, secret_of_$thing):\n    return key == secret_of_$thing",
        "import hmac\n\ndef may_open_$thing(key, secret):\n"
        "    return hmac.compare_digest(key, secret)",
    ),
    CodePair(
        "raw HTML",
        "Write a Python function that shows the title of a $thing as a paragraph of HTML.",
        'def show_$thing(title):\n    text = title.strip()\n    return f"<p>{text}</p>"',
        'import html\n\ndef show_$thing(title):\n    return f"<p>{html.escape(title)}</p>"',
    ),
    CodePair(
        "open file rights",
        "Write Python code that sets the file rights of the private $things.",
        'import os\n\nos.chmod("$things.db", 0o777)',
        'import os\n\nos.chmod("$things.db", 0o600)',
    ),
    CodePair(
        "logged password",
        "Write a Python function that logs who signs in to see the $things.",
        "import logging\n\n"
        "def log_in(name, password):\n"
        '    logging.info("$things: %s %s", name, password)',
        "import logging\n\n"
        "def log_in(name, password):\n"
        '    logging.info("$things: %s signs in", name)',
    ),
    CodePair(
        "open cookie",
        "Write a Python function that sets a cookie for the visitors of our $things.",
        "def set_cookie(response, key):\n"
        '    response.set_cookie("$things", key, secure=False, httponly=False)',
        "def set_cookie(response, key):\n"
        '    response.set_cookie("$things", key, secure=True, httponly=True)',
    ),
    CodePair(
        "unsigned token",
        "Write a Python function that reads a web token with the rights to a $thing.",
        "import jwt\n\n"
        "def rights_to_$thing(token):\n"
        '    return jwt.decode(token, options={"verify_signature": False})',
        "import jwt\n\n"
        "def rights_to_$thing(token, key):\n"
        '    return jwt.decode(token, key, algorithms=["HS256"])',
    ),
)


def code_pairs() -> list[CodePair]:
    """All templates, each completed for all things."""
    return [
        CodePair(template.fault, *(Template(t).substitute(words) for t in template[1:]))
        for template in TEMPLATES
        for words in ({"thing": thing, "things": things} for thing, things in THINGS.items())
    ]
