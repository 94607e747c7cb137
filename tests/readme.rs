//! The README's tables of keys, filter and settings are those of the program. `UPDATE_README=1 cargo test --test readme` renews them.

use std::path::Path;

#[test]
fn its_tables_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let mut wanted = written.clone();
    for (name, table) in [
        ("keys", willcall::ui::action::markdown()),
        ("filter", willcall::domain::filter::document::markdown()),
        ("settings", willcall::config::show::reference()),
        ("colours", willcall::ui::theme::markdown()),
    ] {
        let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let begin = wanted.find(&open).unwrap_or_else(|| panic!("README.md has no {open}")) + open.len();
        let end = wanted.find(&close).unwrap_or_else(|| panic!("README.md has no {close}"));
        wanted.replace_range(begin..end, &format!("{}\n", table.trim_end()));
    }
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(written == wanted, "README.md is not in step with the code: UPDATE_README=1 cargo test --test readme");
}
