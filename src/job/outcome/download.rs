//! Why a source could not be fetched: the network failed, which deserves another attempt, or somebody has to act.

/// What git, CodeBuild and S3 print if the source does not exist or the build may not read it. These texts take precedence: git prints "the
/// remote end hung up" after each of them.
const REFUSED: &[&str] = &[
    "repository not found",
    "not found: did you run git update-server-info",
    "reference not found",
    "couldn't find remote ref",
    "could not find remote branch",
    "remote branch",
    "not our ref",
    "unadvertised object",
    "pathspec",
    "reference is not a tree",
    "invalid refspec",
    "does not appear to be a git repository",
    "does not exist",
    "no such remote",
    "authentication",
    "authorization",
    "could not read username",
    "could not read password",
    "permission denied",
    "access denied",
    "accessdenied",
    "invalid credentials",
    "bad credentials",
    "access to the repository",
    "returned error: 401",
    "returned error: 403",
    "returned error: 404",
    "nosuchkey",
    "nosuchbucket",
    "nosuchversion",
    "status code: 403",
    "status code: 404",
    "yaml_file_error",
];

/// What they print if the network or the host failed.
const FAILED: &[&str] = &[
    "timeout",
    "timed out",
    "time out",
    "connection reset",
    "connection refused",
    "connection was reset",
    "connection closed",
    "broken pipe",
    "network is unreachable",
    "no route to host",
    "failed to connect",
    "couldn't connect",
    "could not resolve host",
    "could not resolve proxy",
    "no such host",
    "temporary failure in name resolution",
    "name or service not known",
    "server misbehaving",
    "unexpected eof",
    "early eof",
    ": eof",
    "unexpected disconnect",
    "the remote end hung up",
    "rpc failed",
    "http2 framing layer",
    "ssl_error_syscall",
    "ssl_read",
    "tls handshake",
    "tls packet",
    "gnutls_handshake",
    "gnutls recv error",
    "tls connection was non-properly terminated",
    "empty reply from server",
    "transfer closed",
    "bytes of body are still expected",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway time",
    "too many requests",
    "returned error: 429",
    "returned error: 5",
    "status code: 429",
    "status code: 5",
    "slowdown",
    "slow down",
    "requesttimeout",
    "internalerror",
];

/// Whether the phase's message says that the network or the host failed.
pub(super) fn is_networks_fault(message: &str) -> bool {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    says(FAILED) && !says(REFUSED)
}

#[cfg(test)]
mod tests {
    use super::is_networks_fault;

    #[test]
    fn only_failures_of_the_network_and_the_host_are_retried() {
        for platform in [
            "Get \"https://github.com/acme/app/info/refs?service=git-upload-pack\": net/http: TLS handshake timeout",
            "Get \"https://github.com/acme/app.git/info/refs\": dial tcp: lookup github.com on 10.0.0.2:53: no such host",
            "Get \"https://github.com/acme/app.git/info/refs\": dial tcp 140.82.112.4:443: i/o timeout",
            "Get \"https://gitlab.com/a/b.git/info/refs\": dial tcp 172.65.251.78:443: connect: connection refused",
            "Post \"https://github.com/acme/app/git-upload-pack\": unexpected EOF",
            "read tcp 172.18.0.2:41000->140.82.112.4:443: read: connection reset by peer",
            "fatal: unable to access 'https://github.com/acme/app/': Could not resolve host: github.com",
            "fatal: unable to access 'https://github.com/acme/app/': The requested URL returned error: 502",
            "fatal: unable to access 'https://git.example.com/a/': Failed to connect to git.example.com port 443 after 130 ms: Couldn't connect to server",
            "fatal: unable to access 'https://git.example.com/a/': gnutls_handshake() failed: The TLS connection was non-properly terminated.",
            "fatal: unable to access 'https://git.example.com/a/': OpenSSL SSL_read: Connection was reset, errno 10054",
            "error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)\nfatal: early EOF",
            "error: RPC failed; HTTP 504 curl 22 The requested URL returned error: 504\nfatal: the remote end hung up unexpectedly",
            "fetch-pack: unexpected disconnect while reading sideband packet",
            "SlowDown: Please reduce your request rate. status code: 503, request id: 1, host id: 2",
            "RequestError: send request failed caused by: Get \"https://b.s3.amazonaws.com/k\": dial tcp: i/o timeout",
        ] {
            assert!(is_networks_fault(platform), "{platform}");
        }
        for somebodys in [
            "reference not found for primary source and source version nope",
            "authorization failed for primary source and source version main",
            "authentication required for primary source and source version main",
            "repository not found for primary source and source version main",
            "remote: Repository not found.\nfatal: repository 'https://github.com/acme/nope/' not found",
            "ERROR: Repository not found.\nfatal: Could not read from remote repository.\nfatal: the remote end hung up unexpectedly",
            "fatal: couldn't find remote ref refs/heads/nope",
            "fatal: Remote branch nope not found in upstream origin",
            "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
            "fatal: unable to access 'https://github.com/acme/app/': The requested URL returned error: 403",
            "fatal: reference is not a tree: 0123456789abcdef0123456789abcdef01234567",
            "NoSuchKey: The specified key does not exist. status code: 404, request id: 1",
            "AccessDenied: Access Denied status code: 403, request id: 1",
            "YAML_FILE_ERROR: open /codebuild/output/src1/src/buildspec.yml: no such file or directory",
            "stat /codebuild/output/src/app: no such file or directory",
            "",
        ] {
            assert!(!is_networks_fault(somebodys), "{somebodys}");
        }
    }
}
