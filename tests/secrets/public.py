"""The public rules of others over the same lines: detect-secrets, and gitleaks' rule file where one is named.

    pip install detect-secrets
    python tests/secrets/public.py [gitleaks.toml]

A secret counts as found where a rule's match holds it or lies within it; a harmless line as damaged where any rule matches in it.
"""

import pathlib
import re
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).parent
LETTERS = {"x": "0a7f3b91", "d": "4071392856", "A": "Z7Q4M2XK", "a": "z7q4m2xk", "L": "aBcDefGh", None: "aB3xY7"}


def filled(line):
    def text(found):
        count, letters = int(found[1]), LETTERS[found[2]]
        return (letters * (count // len(letters) + 1))[:count]

    return re.sub(r"\{([0-9]+)(?::([a-zA-Z]))?\}", text, line)


def lines(name):
    return [filled(line) for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]


def detect_secrets():
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    def find(text):
        # As a file: for a line alone it lowers its thresholds.
        with tempfile.TemporaryDirectory() as folder, default_settings():
            file = pathlib.Path(folder, "build.txt")
            file.write_text(text.replace("⏎", "\n") + "\n")
            found = SecretsCollection()
            found.scan_file(str(file))
            return [secret.secret_value for _, secret in found if secret.secret_value]

    return find


def gitleaks(path):
    rules = [rule for rule in tomllib.loads(pathlib.Path(path).read_text())["rules"] if "regex" in rule]
    compiled = []
    for rule in rules:
        # Go's flags may stand anywhere.
        pattern = re.sub(r"\(\?i\)", "", rule["regex"]).replace(r"\z", r"\Z")
        flags = re.IGNORECASE if "(?i)" in rule["regex"] else 0
        compiled.append((re.compile(pattern, flags), [word.lower() for word in rule.get("keywords", [])]))

    def find(text):
        text = text.replace("⏎", "\n")
        low = text.lower()
        matches = (found for rule, words in compiled if not words or any(word in low for word in words) for found in rule.finditer(text))
        return [next((group for group in found.groups() if group), found[0]) for found in matches]

    return find


def measure(name, find):
    secrets, harmless = lines("secrets.txt"), lines("harmless.txt")
    taken = damaged = 0
    for marked in secrets:
        wanted = [part.split("»")[0].replace("⏎", "\n") for part in marked.split("«")[1:]]
        found = find(marked.replace("«", "").replace("»", ""))
        taken += all(any(part in secret or secret in part for part in found if len(part) > 3) for secret in wanted)
    for text in harmless:
        damaged += bool(find(text))
    print(f"{name}: {taken} of {len(secrets)} secrets, {damaged} of {len(harmless)} harmless texts")


measure("detect-secrets", detect_secrets())
if len(sys.argv) > 1:
    measure("gitleaks", gitleaks(sys.argv[1]))
