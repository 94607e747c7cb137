//! The language, for help and README.

use super::field::{Field, Kind, List};
use super::fields::FIELDS;

/// What can be typed and what it means, a line each.
pub const RULES: &[(&str, &str)] = &[
    ("joe@gmail.com", "stands somewhere in the row or its payload, letter case aside"),
    ("\"a b\"", "the same, blanks and signs as they are"),
    ("state:failed kind:return", "both conditions"),
    ("drift>0 OR duplicate:yes", "either; binds weaker than a blank"),
    ("-state:delivered -(a OR b)", "not: a minus right before a condition or a group"),
    ("ticket:1274 ticket=127471-2", "`:` looks in a text, `=` is the whole of it"),
    ("amount>500 age<10m at>=14:05", "numbers, spans of time and moments (UTC) by < <= = >= >"),
];

/// The lists that have a field, as people call them.
pub fn lists(field: &Field) -> String {
    let names: Vec<&str> = List::ALL.into_iter().filter(|list| field.is_of(*list)).map(List::name).collect();
    names.join(", ")
}

/// What a field is, and its values where they can be named.
pub fn meaning(field: &Field) -> String {
    match field.kind {
        Kind::Choice(known) => format!("{}: {}", field.means, known.join(", ")),
        Kind::Name(known) => format!("{}: {}, or another", field.means, known.join(", ")),
        _ => field.means.to_owned(),
    }
}

/// The fields of a list, for the help of a command.
pub fn help(list: List) -> String {
    let mut out = String::from("Filter:\n");
    let mut line = |left: &str, right: &str| out.push_str(&format!("  {left:<30} {right}\n"));
    for (typed, means) in RULES {
        line(typed, means);
    }
    for field in FIELDS.iter().filter(|field| field.is_of(list)) {
        line(field.example, &meaning(field));
    }
    out
}

/// Rules and fields as Markdown, for the README.
pub fn markdown() -> String {
    let mut out = String::from("| typed | wants rows in which |\n| --- | --- |\n");
    for (typed, means) in RULES {
        out.push_str(&format!("| `{typed}` | {means} |\n"));
    }
    out.push_str("\n| field | of | is |\n| --- | --- | --- |\n");
    for field in FIELDS {
        let names: Vec<String> = [field.name].iter().chain(field.aliases).map(|name| format!("`{name}`")).collect();
        out.push_str(&format!("| {} | {} | {} |\n", names.join(" "), lists(field), meaning(field)));
    }
    out
}
