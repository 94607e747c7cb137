//! What may be said on the command line: `--name value`, each name with a default.

use std::collections::BTreeMap;
use std::str::FromStr;

/// The options, as said or by default.
pub(crate) struct Options(BTreeMap<&'static str, String>);

impl Options {
    /// Reads the command line; whoever says something else is told what there is, and the program ends.
    pub(crate) fn read(known: &[(&'static str, &str)]) -> Self {
        let mut options: BTreeMap<_, _> = known.iter().map(|(name, default)| (*name, (*default).to_owned())).collect();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            // cargo says so.
            if word == "--bench" {
                continue;
            }
            let named = word.strip_prefix("--").and_then(|name| options.get_mut(name));
            match (named, words.next()) {
                (Some(option), Some(value)) => *option = value,
                (Some(_), None) => leave(&format!("{word} needs a value")),
                (None, _) => {
                    let all: Vec<String> = known.iter().map(|(name, default)| format!("--{name} {default}")).collect();
                    leave(&format!("{word} is no option; there are, with their defaults: {}", all.join(", ")))
                }
            }
        }
        Self(options)
    }

    /// The value of an option that is one number.
    pub(crate) fn one<T: FromStr>(&self, name: &str) -> T {
        number(&self.0[name])
    }

    /// The values of an option that is several, parted by commas.
    pub(crate) fn all<T: FromStr>(&self, name: &str) -> Vec<T> {
        self.0[name].split(',').map(number).collect()
    }
}

fn number<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| leave(&format!("{text} is no number")))
}

#[allow(clippy::print_stderr)] // who runs a bench is at a terminal
fn leave(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(2)
}
