//! A request as a command for a shell.

use std::fmt::Write as _;

use crate::domain::text::unfit;

/// The command that posts `body` to `url`.
///
/// # Errors
/// When the body has a byte that no argument of a command can have.
pub fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Result<String, &'static str> {
    if body.contains('\0') {
        return Err("it has a zero byte, which no command line can have");
    }
    let mut command = format!("curl -sS -X POST {}", quoted(url));
    for (name, value) in headers {
        command.push_str(" \\\n  -H ");
        command.push_str(&quoted(&format!("{name}: {value}")));
    }
    // Not `--data`, which would read a file when the body begins with `@`.
    command.push_str(" \\\n  --data-raw ");
    command.push_str(&quoted(body));
    Ok(command)
}

/// `text` as one word of a shell.
///
/// In single quotes where it is plain. What could act on a terminal, or as a key where it is pasted, goes byte by byte as
/// an escape into the `$'…'` of bash, zsh, ksh and newer POSIX shells.
pub fn quoted(text: &str) -> String {
    if !text.contains(|one: char| unfit(one) && one != '\n') {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for one in text.chars() {
        match one {
            '\'' | '\\' => out.extend(['\\', one]),
            '\n' => out.push_str("\\n"),
            one if unfit(one) => {
                for byte in one.encode_utf8(&mut [0; 4]).bytes() {
                    // Octal: a hexadecimal escape would take in a digit that follows it. Writing to a string cannot fail.
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            one => out.push(one),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    use proptest::prelude::*;

    /// What a shell makes of a word.
    fn read_by_a_shell(word: &str) -> Vec<u8> {
        let script = format!("printf %s {word}");
        let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
        assert!(output.status.success(), "{script:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    #[test]
    fn a_word_is_what_was_quoted() {
        for text in [
            "",
            "plain",
            "it's",
            "''",
            "a\\b\\",
            "$(date) `date` $HOME \"x\" !!",
            "two\nlines\n",
            "-e",
            "tab\there",
            "'\u{1b}[31m\\'7",
            "\u{3}; touch /tmp/x\r",
            "\u{85}0\u{202e}1",
            "José 王",
        ] {
            let word = quoted(text);
            assert_eq!(read_by_a_shell(&word), text.as_bytes(), "{word:?}");
            assert!(!word.contains(|one: char| unfit(one) && one != '\n'), "{word:?}");
        }
    }

    #[test]
    fn a_command_says_what_is_sent() {
        let command = post("http://127.0.0.1:8787/w", &[("Content-Type", "application/json")], r#"{"a":"it's"}"#);
        assert_eq!(
            command.unwrap(),
            "curl -sS -X POST 'http://127.0.0.1:8787/w' \\\n  -H 'Content-Type: application/json' \\\n  --data-raw '{\"a\":\"it'\\''s\"}'"
        );
        assert!(post("u", &[], "a\0b").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn any_text_comes_back(text in "[^\0]{0,30}") {
            prop_assert_eq!(read_by_a_shell(&quoted(&text)), text.as_bytes());
        }
    }
}
