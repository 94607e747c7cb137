//! The shape of the house: stages import only what stands above them, each foreign crate lives in its room, files stay short.
//!
//! Reads the sources as text, without comments, strings and test code.

use std::fs;
use std::path::{Path, PathBuf};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// Lines of code a file may have, comments, blank lines and tests aside.
const LONGEST_FILE: usize = 400;

/// What the dashboard may know.
const KNOWN_TO_UI: [&str; 3] = ["domain", "config", "engine"];

/// Paths and the only places (below `src/`) that may name them.
const FENCES: [(&str, &[&str]); 11] = [
    ("sled", &["store"]),
    ("zstd", &["journal"]),
    ("axum", &["ingest", "cli/demo"]),
    ("hyper", &["ingest", "cli/demo"]),
    ("hyper_util", &["ingest", "cli/demo"]),
    ("reqwest", &["delivery", "cli"]),
    ("ratatui", &["ui"]),
    ("crossterm", &["ui"]),
    ("tui_input", &["ui"]),
    ("std::env::var", &["config", "cli"]),
    ("std::env::var_os", &["config", "cli"]),
];

/// What pure code has no business with.
const IMPURE: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "tokio",
    "fastrand",
    "chrono::Local",
];

/// A source file.
struct Source {
    /// Below `src/`, with forward slashes.
    name: String,
    /// Without comments, strings and test code; line by line as in the file.
    code: String,
}

impl Source {
    /// The stage it belongs to, when it stands in one.
    fn stage(&self) -> Option<&str> {
        Some(self.name.split_once('/')?.0)
    }

    /// How many `super` lead out of its stage.
    fn depth(&self) -> usize {
        self.name.matches('/').count() + usize::from(!self.name.ends_with("/mod.rs"))
    }

    /// Whether it stands in `place`: a folder, or a file without its ending.
    fn is_in(&self, place: &str) -> bool {
        self.name.strip_prefix(place).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }
}

#[test]
fn a_stage_imports_only_stages_above_it() {
    let stages = stages();
    let rank = |name: &str| stages.iter().position(|stage| stage == name);
    let wrong = violations(|source, path| {
        let stage = source.stage()?;
        let escapes = path.iter().take_while(|name| *name == "super").count() >= source.depth();
        if escapes && path[0] == "super" {
            return Some(format!("leaves its stage by `super`; write `crate::{}`", path.last()?));
        }
        let imported = path.get(1).filter(|_| path[0] == "crate")?;
        let (own, other) = (rank(stage)?, rank(imported)?);
        (other > own).then(|| format!("`{stage}` imports `{imported}`, which stands below it"))
    });
    assert_none(&wrong);
}

#[test]
fn the_dashboard_knows_only_words_settings_and_the_door() {
    let stages = stages();
    let wrong = violations(|source, path| {
        let imported = path.get(1).filter(|_| source.stage() == Some("ui") && path[0] == "crate")?;
        let foreign = imported != "ui" && stages.contains(imported) && !KNOWN_TO_UI.contains(&imported.as_str());
        foreign.then(|| format!("`ui` imports `{imported}`"))
    });
    assert_none(&wrong);
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    let wrong = violations(|source, path| {
        let path = path.join("::");
        let (fenced, places) = FENCES.iter().find(|(fenced, _)| is_within(&path, fenced))?;
        (!places.iter().any(|place| source.is_in(place))).then(|| format!("`{fenced}` outside {places:?}"))
    });
    assert_none(&wrong);
}

#[test]
fn the_domain_is_pure() {
    let wrong = violations(|source, path| {
        let path = path.join("::");
        let impure = IMPURE.iter().any(|impure| is_within(&path, impure)) || path.ends_with("Utc::now");
        (source.stage() == Some("domain") && impure).then(|| format!("`domain` uses `{path}`"))
    });
    assert_none(&wrong);
}

#[test]
fn files_stay_short() {
    let length = |source: &Source| source.code.lines().filter(|line| !line.trim().is_empty()).count();
    let long = sources().into_iter().map(|source| (length(&source), source.name));
    let long: Vec<_> = long.filter(|(length, _)| *length > LONGEST_FILE).collect();
    assert!(long.is_empty(), "more than {LONGEST_FILE} lines of code; which second idea can go? {long:?}");
}

#[test]
fn the_reader_of_sources_sees_what_it_should() {
    let text = r##"
        //! crate::comment
        use crate::{store::{self, page::{Page, Row as Line}}, ui};
        fn f<'a>(quote: char) -> &'a str { let _ = ('"', '\'', "crate::string", r#"crate::"raw"#); sled::open() }
        #[cfg(test)]
        mod tests { use crate::delivery; }
        /* crate::block /* nested */ */ use tokio;
        fn g() { super::super::engine::run(std::env::var("X")) }
    "##;
    let found: Vec<_> = paths(&strip(text)).iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::store::self",
        "crate::store::page::Page",
        "crate::store::page::Row",
        "crate::ui",
        "sled::open",
        "tokio",
        "super::super::engine::run",
        "std::env::var",
    ];
    assert_eq!(found, expected);
    assert_eq!(strip(text).lines().count(), text.lines().count());
}

#[test]
fn there_is_something_to_read() {
    let stages = stages();
    assert_eq!((stages.first().map(String::as_str), stages.len()), (Some("domain"), 10));
    let sources = sources();
    for stage in &stages {
        assert!(sources.iter().any(|source| source.stage() == Some(stage)), "no sources of {stage} were found");
    }
}

/// The stages in the order of `src/lib.rs`.
fn stages() -> Vec<String> {
    let map = fs::read_to_string(Path::new(SOURCES).join("lib.rs")).expect("src/lib.rs");
    let modules = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(Path::new(SOURCES), &mut files);
    files.sort();
    let read = |file: PathBuf| Source {
        name: file.strip_prefix(SOURCES).expect("a file below src").to_string_lossy().replace('\\', "/"),
        code: strip(&fs::read_to_string(&file).expect("a source file")),
    };
    let is_test = |source: &Source| source.name.ends_with("/tests.rs") || source.name.contains("/tests/");
    files.into_iter().map(read).filter(|source| !is_test(source)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("a folder entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false if path.extension().is_some_and(|ending| ending == "rs") => files.push(path),
            false => {}
        }
    }
}

fn violations(check: impl Fn(&Source, &[String]) -> Option<String>) -> Vec<String> {
    let sources = sources();
    let found = sources.iter().flat_map(|source| {
        let wrong = paths(&source.code).into_iter().filter_map(|path| check(source, &path));
        wrong.map(|what| format!("src/{}: {what}", source.name)).collect::<Vec<_>>()
    });
    found.collect()
}

#[track_caller]
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn is_within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Source text without comments, literals and items under `#[cfg(test)]`, on the same lines.
fn strip(text: &str) -> String {
    let mut code = without_literals(text);
    while let Some(start) = code.find("#[cfg(test)]") {
        let length = item_length(&code[start..]);
        let lines = code[start..start + length].matches('\n').count();
        code.replace_range(start..start + length, &"\n".repeat(lines));
    }
    code
}

/// How long the first item is: up to its semicolon, or to the brace that closes its first one.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in code.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn without_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' if !code.ends_with(is_word) && raw_string(rest).is_some() => raw_string(rest).unwrap_or(1),
            '\'' => character(rest),
            _ => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        code.extend(rest[..length].matches('\n'));
        rest = &rest[length..];
    }
    code
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in text.char_indices() {
        if text[at..].starts_with("/*") {
            depth += 1;
        } else if text[..at].ends_with("*/") && at > 3 {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            character => escaped = character == '\\' && !escaped,
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    let inside = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + inside.find(&end)? + end.len())
}

/// A character literal, or only the tick of a lifetime.
fn character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((at, _))) => text[at + 1..].find('\'').map_or(text.len(), |end| at + 1 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Every path in the code: those of `use`, written out, and those of at least two names elsewhere.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut tokens = tokens(code).into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token == "use" {
            let tree: Vec<_> = tokens.by_ref().take_while(|token| token != ";").collect();
            expand(&mut tree.into_iter().peekable(), &[], &mut found);
        } else if token.starts_with(is_word) {
            let mut path = vec![token];
            while tokens.next_if(|token| token == "::").is_some() {
                path.extend(tokens.next_if(|token| token.starts_with(is_word)));
            }
            found.extend(Some(path).filter(|path| path.len() > 1));
        }
    }
    found
}

/// Writes a `use` tree out, up to the brace or comma that ends it.
fn expand(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = String>>,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) {
    let mut path = before.to_vec();
    while let Some(token) = tokens.next_if(|token| token != "," && token != "}") {
        match token.as_str() {
            "{" => loop {
                expand(tokens, &path, found);
                if tokens.next().is_none_or(|token| token == "}") {
                    return;
                }
            },
            "as" => _ = tokens.next(),
            token if token.starts_with(is_word) => path.push(token.to_owned()),
            _ => {}
        }
    }
    if path.len() > before.len() {
        found.push(path);
    }
}

/// Words, `::`, and every other sign by itself.
fn tokens(code: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut glued = false;
    for character in code.chars() {
        match found.last_mut() {
            Some(last) if glued && is_word(character) && last.starts_with(is_word) => last.push(character),
            Some(last) if glued && character == ':' && last == ":" => last.push(':'),
            _ if character.is_whitespace() => {}
            _ => found.push(character.to_string()),
        }
        glued = !character.is_whitespace();
    }
    found
}
