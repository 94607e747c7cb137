//! Runs every file of `fixtures/scenarios`. To add a scenario, add a file; `fixtures/scenarios/README.md` has the words.

#![allow(unreachable_pub)] // `pub` in the file taken in means: for the tests that do

#[path = "support/scenario.rs"]
mod scenario;

use std::path::Path;

#[test]
fn every_scenario_leads_where_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 20, "only {} scenarios found", files.len());
    let mut failures = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        if let Err(why) = scenario::play(&text) {
            failures.push(format!("{}, {why}", path.file_stem().unwrap().to_string_lossy()));
        }
    }
    assert!(failures.is_empty(), "{} of {} scenarios fail:\n{}", failures.len(), files.len(), failures.join("\n"));
}
