"""Sources that CodeBuild does not fetch: git over https with a token, fetched by the central buildspec."""

import base64
import json
import subprocess
import threading
from pathlib import Path

import pytest

from central import Central
from git_server import GitServer
from program import environment

TOKEN = "glpat-Zx9 'quoted' $HOME"
PATHS = ["team/p*", "open/*"]
VARIABLES = {"SLIPWAY_SOURCE_DEPTH": "1", "SLIPWAY_SOURCE_SUBMODULES": "false", "SLIPWAY_GIT_PATHS": json.dumps(PATHS)}
SECRET = {"SLIPWAY_GIT_TOKEN": "git/token"}
# The place of each branch's submodule.
SUBMODULES = {
    "friendly": "{own}/open/public.git",
    "allowed": "{own}/team/public.git",
    "relative": "../public",
    "thief": "{other}/team/public.git",
    "outside": "{own}/others/secret.git",
    "dots": "{own}/team/p/../../others/secret.git",
    "escaped": "{own}/team/p/%2e%2e/%2e%2e/others/secret.git",
    "twice": "{own}/team/p/%252e%252e/%252e%252e/others/secret.git",
    "parameter": "{own}/team/p/..;/..;/others/secret.git",
    "moved": "{own}/moved/team/public.git",
}


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", folder, *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment()).stdout.strip()


def commit(folder, text):
    (folder / "file").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = GitServer(tmp_path_factory.mktemp("git"), TOKEN)
    yield server
    server.end()


@pytest.fixture(scope="module")
def commits(server, tmp_path_factory):
    """The commits of a private repository by their names. It has a public submodule, and one on another host."""
    folder = tmp_path_factory.mktemp("work")
    public = folder / "public"
    for repository in (public, folder / "app"):
        repository.mkdir()
        git(repository, "init", "-q", "-b", "main")
    commit(public, "public")
    app = folder / "app"
    names = {"first": commit(app, "first")}
    git(app, "tag", "-a", "v1", "-m", "The first")
    names["pr/7"] = commit(app, "proposed")
    git(app, "update-ref", "refs/pull/7/head", "HEAD")
    git(app, "reset", "-q", "--hard", names["first"])
    names["main"] = commit(app, "second")
    for branch, url in SUBMODULES.items():
        git(app, "checkout", "-q", "-b", branch, "main")
        url = url.format(own=server.url("").rstrip("/"), other=server.url("", "localhost").rstrip("/"))
        (app / ".gitmodules").write_text(f'[submodule "part"]\n\tpath = part\n\turl = {url}\n')
        git(app, "update-index", "--add", "--cacheinfo", f"160000,{git(public, 'rev-parse', 'HEAD')},part")
        git(app, "add", ".gitmodules")
        git(app, "commit", "-qm", branch)
        names[branch] = git(app, "rev-parse", "HEAD")
        git(app, "reset", "-q", "--hard")
    git(app, "checkout", "-q", "main")
    bares = ["team/public.git", "open/public.git", "others/secret.git", "team/a b.git"]
    for source, bare in ((app, "team/app.git"), *((public, bare) for bare in bares)):
        git(folder, "clone", "-q", "--mirror", source, server.folder / bare)
    return names


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """The folder in which builds have their checkouts."""
    return tmp_path_factory.mktemp("rooms")


@pytest.fixture(scope="module")
def central(start_local, server, rooms, tmp_path_factory):
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.json"
    secrets.write_text(json.dumps({"git/token": TOKEN, "git/wrong": "wrong"}))
    local = start_local("--no-daemon", "--secrets", secrets, "--build-root", rooms)
    return Central(local.cloud, {"GIT_SSL_CAINFO": str(server.certificate)})


@pytest.fixture
def fetch(central, server, commits):
    """A function that builds a repository of the server without images."""

    def fetch(revision=None, path="team/app.git", secrets=SECRET, **variables):
        given = VARIABLES | {"SLIPWAY_SOURCE_URL": server.url(path)} | variables
        if revision is not None:
            given["SLIPWAY_SOURCE_REVISION"] = revision
        server.requests.clear()
        server.asked.clear()
        return central.build(None, [], given, secrets)

    return fetch


class Watch:
    """Searches for the token in the arguments of every process and in git's files, while it runs."""

    def __init__(self, rooms, token):
        self._rooms, self._token, self._stop = rooms, token.encode(), threading.Event()
        self.configurations, self.found = 0, []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                self._look(file)
            for room in self._rooms.iterdir():
                self.configurations += self._look(room / "src" / ".git" / "config")
                self._look(room / "src" / ".git" / "FETCH_HEAD")

    def _look(self, file):
        try:
            text = file.read_bytes()
        except OSError:
            return False
        if any(part in text for part in (self._token, base64.b64encode(self._token))):
            self.found.append((file, text))
        return True


def test_only_the_server_gets_the_token(fetch, commits, server, rooms):
    with Watch(rooms, TOKEN) as watch:
        ended = fetch()
    assert ended.succeeded, ended.log
    assert ended.exported["SLIPWAY_COMMIT"] == commits["main"]
    expected = "Basic " + base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
    assert {authorization for _, authorization in server.requests} == {"", expected}
    assert watch.configurations > 0 and watch.found == []
    assert "glpat" not in ended.log + json.dumps(ended.build, default=str)


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("main", "main"), ("v1", "first"), ("pr/7", "pr/7"), (None, "main"), ("refs/heads/main", "main"), ("refs/pull/7/head", "pr/7")],
)
@pytest.mark.parametrize("depth", ["1", "0"])
def test_every_form_of_a_revision_is_fetched(fetch, commits, revision, expected, depth):
    ended = fetch(revision, SLIPWAY_SOURCE_DEPTH=depth)
    assert ended.succeeded and ended.exported["SLIPWAY_COMMIT"] == commits[expected], ended.log


def test_a_commit_without_a_reference_is_fetched(fetch, commits):
    for name in ("first", "main"):
        ended = fetch(commits[name].upper())
        assert ended.succeeded and ended.exported["SLIPWAY_COMMIT"] == commits[name], ended.log


def test_a_reference_with_a_commit_fetches_that_commit(fetch, commits):
    for name, commit in (("refs/pull/7/head", commits["pr/7"]), ("refs/heads/main", commits["first"])):
        ended = fetch(f"{name}^{{{commit.upper()}}}")
        assert ended.succeeded and ended.exported["SLIPWAY_COMMIT"] == commit, ended.log
    assert fetch(f"refs/pull/8/head^{{{commits['pr/7']}}}").errors != []


def test_a_source_that_cannot_be_fetched_is_named(fetch, server):
    url = server.url("team/app.git")
    for given, error in [
        ({"revision": "nowhere"}, "the source has no branch, tag or pull request nowhere"),
        ({"revision": "--upload-pack=touch owned"}, "the source has no branch, tag or pull request --upload-pack=touch owned"),
        ({"revision": "0" * 40}, f"the source has no commit {'0' * 40}"),
        ({"secrets": {}}, f"the source cannot be read: {url}"),
        ({"secrets": {"SLIPWAY_GIT_TOKEN": "git/wrong"}}, f"the source cannot be read: {url}"),
        ({"path": "team/none.git"}, f"the source cannot be read: {server.url('team/none.git')}"),
        ({"SLIPWAY_SOURCE_URL": "ext::sh -c 'touch owned'"}, None),
        ({"SLIPWAY_SOURCE_URL": f"https://me:secret@127.0.0.1:{server.port}/team/app.git"}, None),
    ]:
        ended = fetch(**given)
        assert (ended.succeeded, ended.phases["PRE_BUILD"]) == (False, "FAILED"), given
        assert error in (None, ended.errors[-1]), ended.log


@pytest.mark.parametrize("branch", ["friendly", "allowed", "relative"])
def test_a_submodule_that_the_profile_allows_is_fetched(fetch, commits, branch):
    ended = fetch(branch, SLIPWAY_SOURCE_SUBMODULES="true")
    assert ended.succeeded and ended.exported["SLIPWAY_COMMIT"] == commits[branch], ended.log


@pytest.mark.parametrize("branch", [branch for branch in SUBMODULES if branch not in ("friendly", "allowed", "relative")])
def test_the_token_is_not_used_for_what_the_profile_does_not_allow(fetch, commits, server, branch):
    stolen = fetch(branch, SLIPWAY_SOURCE_SUBMODULES="true")
    assert (stolen.succeeded, stolen.errors) == (False, ["the submodules cannot be fetched"])
    opened = {path for path, authorization in server.asked if authorization}
    assert opened == {"/team/app.git/info/refs", "/team/app.git/git-upload-pack"}


def test_the_token_does_not_follow_a_redirect_to_another_host(fetch, server):
    moved = fetch(path="moved/team/app.git")
    assert not moved.succeeded
    elsewhere = {authorization for host, authorization in server.requests if host.startswith("localhost")}
    assert elsewhere == {""}


def test_the_variables_of_a_job_do_not_control_git(fetch):
    ended = fetch(
        GIT_ASKPASS="touch owned",
        GIT_TRACE_CURL="1",
        GIT_TRACE_REDACT="0",
        GIT_SSH_COMMAND="touch owned",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="credential.helper",
        GIT_CONFIG_VALUE_0="!echo password=stolen; touch owned",
    )
    assert ended.succeeded, ended.log
    assert "authorization" not in ended.log.lower() and "owned" not in ended.log


def test_a_missing_secret_fails_the_build_as_on_aws(fetch):
    ended = fetch(secrets={"SLIPWAY_GIT_TOKEN": "git/none"})
    assert ended.phases["DOWNLOAD_SOURCE"] == "FAILED"
    assert "Secrets Manager Error" in ended.log
