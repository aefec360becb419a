"""The public rules of others over the same lines: detect-secrets, and gitleaks' rule file where one is named.

    pip install detect-secrets
    python tests/secrets/public.py [gitleaks.toml]

The file is `config/gitleaks.toml` of gitleaks' repository; a rule's entropy and the allow lists count as they do for gitleaks.
A secret counts as found where a rule's match holds it or lies within it; a harmless line as damaged where any rule matches in it.
"""

import collections
import math
import pathlib
import random
import re
import string
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).parent
LETTERS = {
    "x": string.digits + "abcdef",
    "d": string.digits,
    "A": string.ascii_uppercase + string.digits,
    "a": string.ascii_lowercase + string.digits,
    "L": string.ascii_letters,
    None: string.ascii_letters + string.digits,
}


def filled(line):
    """The fillers are as random as secrets: some rules check that."""
    letters = random.Random(line)
    return re.sub(r"\{([0-9]+)(?::([a-zA-Z]))?\}", lambda found: "".join(letters.choices(LETTERS[found[2]], k=int(found[1]))), line)


def lines(name):
    return [filled(line) for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]


def detect_secrets():
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    def find(text):
        # As a file: for a single line it lowers its thresholds.
        with tempfile.TemporaryDirectory() as folder, default_settings():
            file = pathlib.Path(folder, "build.txt")
            file.write_text(text.replace("⏎", "\n") + "\n")
            found = SecretsCollection()
            found.scan_file(str(file))
            return [secret.secret_value for _, secret in found if secret.secret_value]

    return find


def entropy(text):
    return -sum(count / len(text) * math.log2(count / len(text)) for count in collections.Counter(text).values())


def gitleaks(path):
    def compiled(pattern):
        # In Go, flags may stand anywhere in an expression.
        flags = re.IGNORECASE if "(?i)" in pattern else 0
        return re.compile(pattern.replace("(?i)", "").replace(r"\z", r"\Z"), flags)

    def allows(entries):
        entries = [entry for entry in entries if not entry.get("paths")]
        regexes = [(entry.get("regexTarget", "secret"), compiled(regex)) for entry in entries for regex in entry.get("regexes", [])]
        words = [word.lower() for entry in entries for word in entry.get("stopwords", [])]
        return regexes, words

    config = tomllib.loads(pathlib.Path(path).read_text())
    own = config.get("allowlist", {})
    everywhere = allows([{key: own[key] for key in ("regexes", "stopwords") if key in own}])
    rules = []
    for rule in config["rules"]:
        # A rule for file names finds nothing in a log.
        if "regex" in rule and "path" not in rule:
            keywords = [word.lower() for word in rule.get("keywords", [])]
            rules.append((compiled(rule["regex"]), keywords, rule.get("entropy", 0), rule.get("secretGroup", 0), allows(rule.get("allowlists", []))))

    def allowed(secret, match, text, lists):
        regexes, words = lists
        targets = {"secret": secret, "match": match, "line": text}
        return any(regex.search(targets[target]) for target, regex in regexes) or any(word in secret.lower() for word in words)

    def find(text):
        text = text.replace("⏎", "\n")
        low, secrets = text.lower(), []
        for regex, keywords, least, group, own in rules:
            if keywords and not any(word in low for word in keywords):
                continue
            for found in regex.finditer(text):
                secret = found[group] if group else next((part for part in found.groups() if part), found[0])
                if entropy(secret) > least and not any(allowed(secret, found[0], text, lists) for lists in (own, everywhere)):
                    secrets.append(secret)
        return secrets

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
