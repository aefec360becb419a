//! Which buildspec a profile's builds run.

use super::LEAST;
use crate::config::{Buildspec, central, load};

#[test]
fn a_buildspec_file_is_read_from_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slipway.toml");
    let text = "version: 0.2\nenv: { exported-variables: [SLIPWAY_RESULT] }\n";
    std::fs::write(folder.path().join("central.yml"), text).unwrap();
    std::fs::write(folder.path().join("plain.yml"), "version: 0.2\n# exports no SLIPWAY_RESULT\n").unwrap();
    let with = |line: &str| {
        std::fs::write(&path, format!("{LEAST}{line}\n")).unwrap();
        load(&path, []).map_err(|error| error.to_string())
    };
    let config = with("buildspec_file = \"central.yml\"").unwrap();
    let operators = Buildspec { spec: Some(text.into()), is_operators: true };
    assert_eq!((&config.profiles["default"].buildspec, &config.profiles["default"].images_buildspec), (&operators, &operators));
    assert!(with("buildspec_file = \"missing.yml\"").unwrap_err().contains("cannot be read"));
    // Images are the central buildspec's to build, unless the operator says otherwise.
    let registry = "registry = \"registry.test\"";
    for (lines, spec, is_operators) in [
        ("", None, false),
        (registry, Some(central::text()), true),
        (&format!("{registry}\nbuildspec_path = \"ci.yml\""), Some(central::text()), true),
        (&format!("{registry}\nbuildspec_file = \"central.yml\""), Some(text), true),
        (&format!("{registry}\nimages_buildspec = \"central.yml\""), Some(text), true),
        (&format!("{registry}\nimages_buildspec = \"project\""), None, true),
        ("images_buildspec = \"central\"", Some(central::text()), true),
    ] {
        let found = &with(lines).unwrap().profiles["default"].images_buildspec;
        assert_eq!((found.spec.as_deref(), found.is_operators), (spec, is_operators), "{lines}");
    }
    // A registry is for images, and without a report of them no job with images succeeds.
    for lines in ["buildspec_file = \"plain.yml\"", "images_buildspec = \"plain.yml\""] {
        let error = with(&format!("{registry}\n{lines}")).unwrap_err();
        assert!(error.contains("images_buildspec") && error.contains("SLIPWAY_RESULT"), "{error}");
    }
    assert!(with("buildspec_file = \"plain.yml\"").is_ok(), "without a registry no job asks for images");
    assert!(with(&format!("{registry}\nbuildspec_file = \"plain.yml\"\nimages_buildspec = \"project\"")).is_ok());
    assert_eq!(
        with(&format!("{registry}\nimages_buildspec = \"central.yml\"")).unwrap().profiles["default"].buildspec,
        Buildspec::default()
    );
}
