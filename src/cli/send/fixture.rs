//! Fixture files -> bodies. Knows files and JSON with comments, no HTTP.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

/// What a fixture in a folder ends with. A file that is named itself may end as it likes.
const ENDINGS: [&str; 2] = ["json", "jsonc"];

/// Folders deeper than this are not followed: links can make them endless.
const DEEPEST: usize = 32;

/// The files that `paths` name, in their order; those of a folder by name, its sub-folders included.
///
/// # Errors
/// When one is not there, or a folder holds no fixture.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        collect(path, 0, &mut found)?;
        if found.len() == before {
            let nothing = io::Error::new(io::ErrorKind::NotFound, "no .json or .jsonc files in it");
            return Err((path.clone(), nothing));
        }
    }
    Ok(found)
}

fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (path.to_owned(), error);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        let fits = path.extension().is_some_and(|ending| ENDINGS.iter().any(|one| ending == *one));
        if depth == 0 || fits {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(failed(io::Error::other("folders nested too deeply")));
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    entries.iter().try_for_each(|entry| collect(entry, depth + 1, found))
}

/// The body to send for a file's bytes.
///
/// Strict JSON goes out byte for byte. JSON with comments or trailing commas has those blanked and is otherwise left as it
/// is. Everything else goes out byte for byte too: what a listener does with it is worth seeing.
pub fn body(bytes: Vec<u8>) -> Vec<u8> {
    if is_json(&bytes) {
        return bytes;
    }
    let mut blanked = bytes.clone();
    match json_strip_comments::strip_slice(&mut blanked) {
        Ok(()) if is_json(&blanked) => blanked,
        _ => bytes,
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_and_trailing_commas_are_touched() {
        let strict = b"{ \"n\": 1.50, \"url\": \"http://x/#y\", \"b\": [1 ,2] }\n".to_vec();
        assert_eq!(body(strict.clone()), strict);
        let loose = b"{ // who\n \"n\": 1.50, \"url\": \"http://x\", /* all */ \"b\": [1, 2,], }\n".to_vec();
        assert_eq!(
            String::from_utf8(body(loose)).unwrap(),
            "{       \n \"n\": 1.50, \"url\": \"http://x\",           \"b\": [1, 2 ]  }\n"
        );
    }

    #[test]
    fn what_is_no_json_either_way_is_left_alone() {
        for broken in [&b"{ // half"[..], b"", b"a=1&b=2", b"{\"a\": \xff}", b"/", b"{ /* "] {
            assert_eq!(body(broken.to_vec()), broken);
        }
    }

    #[test]
    fn folders_are_walked_by_name_and_only_for_fixtures() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.json", "a/z.jsonc", "a/notes.txt", "c.JSON.swp"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        let names: Vec<PathBuf> = files(&[folder.path().to_owned(), folder.path().join("a/notes.txt")])
            .unwrap()
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a/z.jsonc", "b.json", "a/notes.txt"].map(PathBuf::from));
        fs::create_dir(folder.path().join("empty")).unwrap();
        assert!(files(&[folder.path().join("empty")]).unwrap_err().1.to_string().contains("no .json"));
        assert!(files(&[folder.path().join("missing.json")]).is_err());
    }
}
