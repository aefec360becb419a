#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;

use nix::unistd::Uid;

use super::*;

fn as_user(user: &str) -> Assignment {
    inline(&format!(
        r#"
version: 0.2
run-as: {user}
phases:
  install:
    run-as: root
    commands: ['A=1; echo "$(id -un)" >"$HOME/mine"; printf "echo ran\n" >tool; chmod 700 tool']
  build:
    commands:
      - echo "$(id -un) $A $(cat $HOME/mine)"; ./tool
      - B=2; echo x >"$TMPDIR/x"; echo x >"$HOME/x"
      - 'echo x >here 2>/dev/null && echo the source can be written'
    finally: [echo again >/dev/stdout]
  post_build:
    run-as: root
    commands: ['echo "$(id -un) $B"']
"#
    ))
}

#[tokio::test]
async fn a_phase_runs_as_the_user_it_names_or_is_refused_with_the_reason() {
    let us = nix::unistd::User::from_uid(Uid::effective()).unwrap().unwrap().name;
    let site = Site::new();
    fs::set_permissions(site.root.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let (_, seen) = site.run(as_user("nobody")).await;
    let (phase, _, code, message) = seen.mishap().unwrap();
    if Uid::effective().is_root() {
        assert_eq!((phase, code.as_str()), (Phase::Build, "COMMAND_EXECUTION_ERROR"), "{}", seen.log());
        assert!(message.contains("echo x >here"), "{message}");
        let printed: Vec<_> = printed(&seen).into_iter().filter(|line| !line.contains("cannot create here")).collect();
        assert_eq!(printed, [format!("nobody 1 {us}"), "ran".into(), "again".into(), format!("{us} 2")], "{}", seen.log());
    } else {
        let expected = "run-as nobody: local mode runs commands as another user only when it runs as root";
        assert_eq!((phase, code.as_str(), message.as_str()), (Phase::Build, "CLIENT_ERROR", expected));
    }

    let (_, seen) = run(as_user("no-such-user")).await;
    let (phase, _, code, message) = seen.mishap().unwrap();
    let expected = "run-as no-such-user: there is no such user on this machine";
    assert_eq!((phase, code.as_str(), message.as_str()), (Phase::Build, "CLIENT_ERROR", expected));

    let (ending, seen) = run(inline("version: 0.2\nrun-as: root\nphases: {build: {commands: [id -un]}}")).await;
    assert_eq!((ending, printed(&seen)), (Ending::Succeeded, vec![us]));
}

#[tokio::test]
async fn a_user_without_access_to_the_checkout_is_refused_with_the_closed_folder() {
    if !Uid::effective().is_root() {
        return;
    }
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let recorder = Recorder::new();
    let shell = Shell::new(closed.path().join("builds"), Clock::system());
    shell.carry_out(as_user("nobody"), recorder.clone()).await;
    let message = recorder.seen().mishap().unwrap().3;
    let expected = format!("run-as nobody: the user may not pass through {}, where builds", closed.path().display());
    assert!(message.starts_with(&expected), "{message}");
}
