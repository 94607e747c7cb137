//! Every crate built for this machine comes under a licence we can pass on.
//!
//! Licences come from `cargo metadata`; what is really built from `cargo tree`, since the lock file also names crates that
//! no feature of ours and no part of this target asks for.

use std::collections::BTreeMap;
use std::process::Command;

/// Licences that ask for no more than a notice.
const ALLOWED: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "BSL-1.0",
    "Unicode-3.0",
    "Unlicense",
];

#[test]
fn every_crate_that_is_built_is_under_an_allowed_licence() {
    let licences = licences();
    let mut refused = Vec::new();
    for (built, kind) in built() {
        let expression = licences.get(&built).cloned().flatten().unwrap_or_default();
        let permitted = permits(&expression, &|licence| ALLOWED.contains(&licence));
        if permitted != Ok(true) {
            let (name, version) = built;
            let why = permitted.err().unwrap_or_else(|| "not on the list".to_owned());
            refused.push(format!("{name} {version} ({kind}): {expression:?}: {why}"));
        }
    }
    assert!(refused.is_empty(), "licences nobody has agreed to:\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_read_as_spdx_says() {
    let allows = |licence: &str| ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"].contains(&licence);
    let cases = [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT/Apache-2.0", true),
        ("GPL-2.0/GPL-3.0", false),
        ("Apache-2.0 AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true),
        ("Apache-2.0 WITH Some-exception", false),
        ("(MIT OR Apache-2.0) AND GPL-2.0-only", false),
        ("(MIT OR GPL-2.0-only) AND ISC", true),
        // AND binds closer than OR.
        ("MIT OR ISC AND GPL-2.0-only", true),
        ("GPL-2.0-only OR ISC AND GPL-3.0-only", false),
    ];
    for (expression, expected) in cases {
        assert_eq!(permits(expression, &allows), Ok(expected), "{expression}");
    }
    for broken in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "AND MIT"] {
        assert!(permits(broken, &allows).is_err(), "{broken:?}");
    }
}

type Crate = (String, String);

/// What every package in the lock file for this machine says of itself.
fn licences() -> BTreeMap<Crate, Option<String>> {
    let host = host();
    let metadata = cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", &host]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("JSON from cargo metadata");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let entry = |package: &serde_json::Value| {
        Some(((text(&package["name"])?, text(&package["version"])?), text(&package["license"])))
    };
    packages.iter().filter_map(entry).collect()
}

/// The crates that are built, and for what: the program itself, building it, or its tests.
fn built() -> BTreeMap<Crate, &'static str> {
    let mut crates = BTreeMap::new();
    for (kind, edges) in [("normal", "normal"), ("build", "normal,build"), ("dev", "normal,build,dev")] {
        let tree = cargo(&["tree", "--locked", "--prefix", "none", "--format", "{p}", "--edges", edges]);
        for line in tree.lines() {
            let mut words = line.split_whitespace();
            let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
            let version = version.strip_prefix('v').expect("a version").to_owned();
            crates.entry((name.to_owned(), version)).or_insert(kind);
        }
    }
    assert!(crates.len() > 100, "cargo tree names only {} crates", crates.len());
    crates
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.expect("cargo to start");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text from cargo")
}

/// The target this test was built for, as far as choosing dependencies goes.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc to start");
    let output = String::from_utf8(output.stdout).expect("text from rustc");
    output.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc's host").to_owned()
}

/// Whether an SPDX expression leaves a choice in which every licence is allowed.
fn permits(expression: &str, allows: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let permitted = any(&mut rest, allows)?;
    match rest {
        [] => Ok(permitted),
        [word, ..] => Err(format!("{word:?} is not expected there in {expression:?}")),
    }
}

fn any(words: &mut &[&str], allows: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut permitted = all(words, allows)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        permitted |= all(words, allows)?;
    }
    Ok(permitted)
}

fn all(words: &mut &[&str], allows: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut permitted = one(words, allows)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        permitted &= one(words, allows)?;
    }
    Ok(permitted)
}

fn one(words: &mut &[&str], allows: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let permitted = any(words, allows)?;
            let [")", rest @ ..] = *words else { return Err("a parenthesis is not closed".to_owned()) };
            *words = rest;
            Ok(permitted)
        }
        [] | ["OR" | "AND" | "WITH" | ")", ..] => Err("a licence is missing".to_owned()),
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Ok(allows(&format!("{licence} WITH {exception}")))
        }
        [licence, rest @ ..] => {
            *words = rest;
            Ok(allows(licence))
        }
    }
}
