use super::*;

#[test]
fn the_forms_of_the_tools_are_told_apart() {
    for (text, expected) in [
        ("error: slipway: the image app has no Dockerfile", Some(Sign::Own)),
        ("src/a.c:1:10: fatal error: x.h: No such file or directory", Some(Sign::Verdict)),
        ("src/a.ts(2,98): error TS2339: Property 'x' does not exist", Some(Sign::Verdict)),
        ("  51:61  Error: Unexpected any  @typescript-eslint/no-explicit-any", Some(Sign::Verdict)),
        ("  9:10  Warning: 'x' is assigned a value but never used", None),
        ("Step #0: error TS2304: Cannot find name 'x'.", Some(Sign::Verdict)),
        ("Step #0 - \"build\": src/a.c:1:2: error: x", Some(Sign::Verdict)),
        ("  ● creates a user", Some(Sign::Verdict)),
        ("Failed asserting that 1 matches expected 2.", Some(Sign::Verdict)),
        ("black....................................................................Failed", Some(Sign::Clear)),
        ("dependency failed to start: container db-1 is unhealthy", Some(Sign::Verdict)),
        ("! Undefined control sequence.", Some(Sign::Verdict)),
        ("src/x.erl:12:3: undefined macro 'IS_TOKEN/1'", Some(Sign::Verdict)),
        ("10:00:00 AM | CREATE_FAILED | AWS::Lambda::Function | Fn9270 | Properties must be an object", Some(Sign::Verdict)),
        ("fx.proto:8:1:Import \"c.proto\" is unused.", Some(Sign::Likely)),
        ("Error: cannot load users", Some(Sign::Clear)),
        ("[main] ERROR x.Y - no connection", Some(Sign::Clear)),
        ("bash: foo: command not found", Some(Sign::Clear)),
        ("   Compiling thiserror v1.0.50", None),
        ("  Downloading error_helpers-1.0.tar.gz (3 kB)", None),
        ("  - Installing symfony/error-handler (v7.1.2): Extracting archive", None),
        ("? example.com/app/errors [no test files]", None),
        (" Container app-error-page  Created", None),
        (" Container app-error-page  Error", Some(Sign::Hint)),
        ("Unpacking liberror-perl (0.17029-1) ...", None),
        ("[ 12%] Building CXX object src/CMakeFiles/x.dir/error.cc.o", None),
        ("make: *** [Makefile:3: all] Error 2", Some(Sign::Follows)),
        ("make: *** No rule to make target 'app', needed by 'all'.  Stop.", Some(Sign::Verdict)),
        ("make: *** No targets specified and no makefile found.  Stop.", Some(Sign::Verdict)),
        ("Makefile:3: *** missing separator.  Stop.", Some(Sign::Verdict)),
        ("make: protoc: No such file or directory", Some(Sign::Clear)),
        ("/bin/sh: 1: cd: can't cd to services/app", Some(Sign::Clear)),
        ("sh: 2: cannot open config.env: No such file", Some(Sign::Clear)),
        ("./build.sh: 7: VERSION: parameter not set", Some(Sign::Clear)),
        ("error: could not compile `x` (bin \"x\") due to 1 previous error", Some(Sign::Follows)),
        // Who speaks is no word of trouble, and progress is progress whoever tells of it.
        ("    amazon-ebs.web: Get:31 http://deb.test/ubuntu jammy/main amd64 tracing-error amd64 5.3.3 [217 kB]", None),
        ("==> default: Unpacking liberror-perl (0.17029-1) ...", None),
        ("==> amazon-ebs.web: E: Unable to locate package ngnix", Some(Sign::Verdict)),
        ("10:01:31.231 STDERR [network] terraform: │ Error: creating EC2 Subnet: Conflict", Some(Sign::Clear)),
        ("10:01AM DBG Scanning file src/error.go", None),
        ("[info] - should apply two coupons *** FAILED ***", Some(Sign::Verdict)),
        // Codes of their own, reasons in a builder's last word, counts of scanners, records.
        ("lerna ERR! E403 You cannot publish over the previously published versions: 3.2.1.", Some(Sign::Verdict)),
        ("lerna ERR! errors were not caught: [object Promise]", Some(Sign::Follows)),
        ("[10:02:02 AM] [release] › ✘  EGITNOPERMISSION Cannot push to the Git repository.", Some(Sign::Verdict)),
        (
            "[ERROR] Failed to execute goal org.jacoco:jacoco:0.8:check (check) on project a: Coverage checks have not been met.",
            Some(Sign::Likely),
        ),
        ("[ERROR] Failed to execute goal org.apache:surefire:3.2:test (test) on project a: There are test failures.", Some(Sign::Follows)),
        ("10:01AM WRN leaks found: 1", Some(Sign::Likely)),
        ("leaks found: 0", None),
        ("libexpat1  2.5.0-1     2.5.0-1+deb12u1  deb   CVE-2026-45490  High", Some(Sign::Clear)),
        ("│  Library  │ Vulnerability  │ Severity │ Status │", None),
        ("critical             0", None),
        ("Message:            one or more objects failed to apply, reason: Deployment.apps \"api\" is invalid", Some(Sign::Clear)),
        ("time=\"2026-11-25T10:02:31Z\" level=error msg=\"thresholds have been crossed\"", Some(Sign::Clear)),
        ("psycopg2.errors.DuplicateColumn: column \"vat\" already exists", Some(Sign::Clear)),
        ("ssh: connect to host 10.0.0.7 port 22: Connection timed out", Some(Sign::Clear)),
        ("error: building openssl:x64-linux failed with: BUILD_FAILED", Some(Sign::Verdict)),
        ("diff --git a/api/openapi.json b/api/openapi.json", Some(Sign::Likely)),
        // What names only what failed.
        ("FAIL src/cart/cart.test.tsx", Some(Sign::Likely)),
        ("Error: P3018", Some(Sign::Follows)),
        ("    Error code: 2", Some(Sign::Follows)),
        ("    error: 1 error occurred:", Some(Sign::Follows)),
        ("> Task :core:detekt FAILED", Some(Sign::Follows)),
        ("[error] Total time: 9 s, completed Nov 25, 2026", Some(Sign::Follows)),
        ("12s  Warning  FailedScheduling  pod/rank-0  0/6 nodes are available: 6 Insufficient nvidia.com/gpu.", Some(Sign::Verdict)),
        ("PG::CheckViolation: ERROR:  check constraint \"c\" of relation \"offers\" is violated by some row", Some(Sign::Verdict)),
        ("batch response: This repository exceeded its LFS budget.", Some(Sign::Verdict)),
        ("APPLICATION FAILED TO START", Some(Sign::Follows)),
        ("StandardError: An error has occurred, this and all later migrations canceled:", Some(Sign::Follows)),
        ("Message    : ERROR: could not create unique index \"member_email_key\"", Some(Sign::Clear)),
        ("     test/ledger/account_test.exs:57 does not exist", Some(Sign::Likely)),
        ("ordinary words", None),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn headings_and_announcements_are_told_from_what_is_wrong() {
    for (text, heading, announcement) in [
        ("Diagnostics:", true, true),
        ("    error: 1 error occurred:", true, true),
        ("Caused by:", true, true),
        ("shop> src/Total.hs:19:24: error: [GHC-83865]", false, true),
        ("Could not resolve dependencies:", false, true),
        ("Caused by: java.io.IOException: disk", false, false),
        ("files:", false, true),
    ] {
        assert_eq!((is_heading(text), is_announcement(text)), (heading, announcement), "{text}");
    }
}
