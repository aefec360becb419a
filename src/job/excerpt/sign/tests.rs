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
        ("ordinary words", None),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}
