//! Lines with secrets, which must be removed, and lines without, which must stay.

use std::{collections::BTreeMap, fs, path::Path};

use regex::Regex;
use slipway::job::redact::Redactor;

/// What public rule sets find in the same lines, as `tests/secrets/public.py` measures it: the set, secrets found, harmless texts found.
const PUBLIC: [(&str, usize, usize); 2] =
    [("gitleaks 8.30.1, its default rules", 180, 0), ("detect-secrets 1.5.0, its default rules", 130, 15)];

/// A line of the file with its `{20:x}` filled in. In this form no scanner reports the file as a leak.
fn filled(line: &str) -> String {
    let parts = Regex::new(r"\{([0-9]+)(?::([a-zA-Z]))?\}").unwrap();
    let text = |groups: &regex::Captures<'_>| {
        let letters = match groups.get(2).map_or("", |kind| kind.as_str()) {
            "x" => "0a7f3b91",
            "d" => "4071392856",
            "A" => "Z7Q4M2XK",
            "a" => "z7q4m2xk",
            "L" => "aBcDefGh",
            _ => "aB3xY7",
        };
        letters.chars().cycle().take(groups[1].parse().unwrap()).collect::<String>()
    };
    parts.replace_all(line, text).into_owned()
}

fn lines(name: &str) -> Vec<String> {
    let file = fs::read_to_string(Path::new(super::ROOT).join("tests/secrets").join(name)).unwrap();
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(filled).collect()
}

/// The results.
struct Measured {
    secrets: usize,
    /// Texts whose secret was not removed.
    missed: Vec<String>,
    harmless: usize,
    damaged: Vec<String>,
    /// How many secrets each rule removed.
    rules: BTreeMap<&'static str, usize>,
}

fn measure() -> Measured {
    let (secrets, harmless) = (lines("secrets.txt"), lines("harmless.txt"));
    let (mut missed, mut damaged, mut rules) = (Vec::new(), Vec::new(), BTreeMap::new());
    for marked in &secrets {
        let wanted: Vec<_> = marked.split('«').skip(1).map(|rest| rest.split('»').next().unwrap()).collect();
        assert!(!wanted.is_empty(), "{marked} marks no secret");
        let text = marked.replace(['«', '»'], "");
        let mut redactor = Redactor::new(std::iter::empty());
        let found = text.split('⏎').map(|line| redactor.line(line).into_owned()).collect::<Vec<_>>().join("⏎");
        for (rule, count) in redactor.rules() {
            *rules.entry(*rule).or_default() += count;
        }
        if wanted.iter().any(|secret| found.contains(secret)) {
            missed.push(found);
        }
    }
    for text in &harmless {
        let mut redactor = Redactor::new(std::iter::empty());
        let found = text.split('⏎').map(|line| redactor.line(line).into_owned()).collect::<Vec<_>>().join("⏎");
        if &found != text {
            damaged.push(found);
        }
    }
    Measured { secrets: secrets.len(), missed, harmless: harmless.len(), damaged, rules }
}

/// The section for the documentation.
pub(super) fn section() -> String {
    let Measured { secrets, missed, harmless, damaged, rules } = measure();
    let public = PUBLIC.map(|(name, found, hit)| format!("| {name} | {found} | {hit} |\n")).concat();
    let names = rules.keys().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ");
    format!(
        "\n## Redaction\n\n\
         Secrets are found by the rules of `src/job/redact/rules.toml` (each with a text that must match and one that must not, and whose facts they\n\
         are), by names that speak of secrets, in the users of URLs, over the lines of private keys, and by the values of the job's own variables,\n\
         however they are written. Targets: 94 % of the secrets in `tests/secrets/secrets.txt`, no damage in `tests/secrets/harmless.txt`.\n\
         Of 205 further secrets, written by one who did not know the rules, 185 were taken out at first sight, and 1 of 164 harmless texts was\n\
         damaged; of 50 by another after that 45, and 1 of 40. The kinds that came through are now among these lines or the rules' examples:\n\n\
         | | secrets taken out, of {secrets} | harmless texts damaged, of {harmless} |\n| --- | --: | --: |\n| Slipway | {} | {} |\n{public}\n\
         The last rows are made by `python tests/secrets/public.py gitleaks.toml`, where the file is `config/gitleaks.toml` of gitleaks. Of the\n\
         lines both measures read the same, but that one fills them with random letters, as some of those rules ask for.\n\
         The rules that took something out: {names}.\n",
        secrets - missed.len(),
        damaged.len()
    )
}

#[test]
fn secrets_are_removed_and_harmless_texts_stay() {
    let Measured { secrets, missed, harmless, damaged, .. } = measure();
    assert!(secrets >= 250 && missed.len() * 100 <= secrets * 6, "{} of {secrets} came through:\n{}", missed.len(), missed.join("\n"));
    assert!(harmless >= 100 && damaged.is_empty(), "damaged:\n{}", damaged.join("\n"));
}
