"""Git over https on the loopback, with a password for private repositories."""

import base64
import gzip
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class GitServer:
    """Serves the bare repositories below a folder: `/open/...` to everybody, `/moved/...` by a redirect, and all else with the token."""

    def __init__(self, folder, token):
        self.folder, self.token = folder, token
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        made = ["openssl", "req", "-x509", *curve, "-out", self.certificate, "-days", "2", "-subj", "/CN=localhost", "-addext", names]
        subprocess.run(made, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        # The host and authorization of every request, and its path and authorization.
        self.requests, self.asked = [], []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def url(self, path, host="127.0.0.1"):
        return f"https://{host}:{self.port}/{path}"

    def allows(self, path, authorization):
        if path.startswith("/open/"):
            return True
        kind, _, value = authorization.partition(" ")
        return kind == "Basic" and base64.b64decode(value).decode().partition(":")[2] == self.token

    def end(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer()

        do_POST = do_GET

        def log_message(self, *_):
            pass

        def body(self):
            if self.headers.get("Transfer-Encoding") == "chunked":
                chunks = []
                while size := int(self.rfile.readline(), 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                body = b"".join(chunks)
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

        def say(self, status, body=b"", **headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answer(self):
            path, _, query = self.path.partition("?")
            authorization = self.headers.get("Authorization", "")
            server.requests.append((self.headers["Host"], authorization))
            server.asked.append((path, authorization))
            body = self.body()
            if path.startswith("/moved/"):
                return self.say(302, Location=server.url(self.path.removeprefix("/moved/"), "localhost"))
            if not server.allows(path, authorization):
                return self.say(401, WWW_Authenticate='Basic realm="git"')
            variables = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(server.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            answer = subprocess.run(["git", "http-backend"], env=variables, input=body, capture_output=True, check=False)
            head, _, body = answer.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            return self.say(int(headers.pop("Status", "200").split()[0]), body, **headers)

    return Handler
