//! The program broken on purpose, one place at a time: does the simulation notice?
//!
//! A plain `cargo test` only looks whether every break still fits the code: each old text occurs exactly once in its file. If
//! one does not, the code has moved: write the break anew in the words of the new code.
//!
//! `WILLCALL_BREAKS=1 cargo test --test breaks -- --nocapture` does it: the crate is copied beside the build folder, each
//! break is made there, the simulation is run, and it must fail. `WILLCALL_BREAKS=undo` tries only those whose name has that
//! word. Ten to twenty minutes for all.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

/// One way to break the program.
struct Break {
    name: &'static str,
    noticed_by: Ground,
    /// File, old text, new text.
    changes: &'static [(&'static str, &'static str, &'static str)],
}

/// What the ledger of the simulation stands on.
#[derive(Clone, Copy)]
enum Ground {
    Memory,
    JournalAndStore,
    RealWriter,
    /// No chance: the files of `fixtures/scenarios`, where the simulation has left what it takes very long to find.
    Stories,
}

impl Ground {
    /// The test that plays on it.
    fn test(self) -> &'static str {
        match self {
            Self::Memory => "every_history_keeps_the_promises",
            Self::JournalAndStore => "the_same_on_journal_and_store",
            Self::RealWriter => "the_same_through_the_real_writer",
            Self::Stories => "every_scenario_leads_where_it_says",
        }
    }

    fn binary(self) -> &'static str {
        match self {
            Self::Stories => "scenarios",
            Self::Memory | Self::JournalAndStore | Self::RealWriter => "simulation",
        }
    }
}

const BREAKS: &[Break] = &[
    Break {
        name: "the order of one ticket's deliveries is dropped",
        noticed_by: Ground::Memory,
        changes: &[
            (
                "src/domain/ticket.rs",
                "(Stage::Pending, Some(front)) if front != delivery.id => Some(front),",
                "(Stage::Pending, Some(front)) if front == delivery.id => None,",
            ),
            (
                "src/domain/decide/attempt.rs",
                "let front = ticket.front()?;",
                "let front = ticket.deliveries().iter().find(|one| one.due().is_some_and(|due| due <= now))?;",
            ),
        ],
    },
    Break {
        name: "a sale is sent after its reversal",
        noticed_by: Ground::Memory,
        changes: &[
            (
                "src/domain/decide/reversal.rs",
                "        (_, Evidence::NotDone) => {\n            sale.state = reversed;",
                "        (_, Evidence::NotDone) => {\n            drop(reversed);",
            ),
            (
                "src/domain/ticket.rs",
                "if let Some(reversal) = self.reversal_of(delivery) {",
                "if let Some(reversal) = self.reversal_of(delivery).filter(|_| false) {",
            ),
        ],
    },
    Break {
        name: "unknown is taken for not done",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/attempt.rs",
            "Outcome::Unknown => Evidence::Unknown,",
            "Outcome::Unknown => Evidence::NotDone,",
        )],
    },
    Break {
        name: "the amended buyer is forgotten",
        noticed_by: Ground::Memory,
        changes: &[("src/domain/decide/sale.rs", "    delivery.to = amendment.to;\n", "")],
    },
    Break {
        name: "the journal's tail is skipped at the start",
        noticed_by: Ground::JournalAndStore,
        changes: &[(
            "src/store/repair.rs",
            "CatchUp::begin(self, journal, last)",
            "CatchUp::begin(self, journal, applied)",
        )],
    },
    Break {
        name: "the journal's tail is applied twice",
        noticed_by: Ground::JournalAndStore,
        changes: &[
            (
                "src/store/repair.rs",
                "        self.catching_up(journal)?.try_for_each(|piece| piece.map(&mut *progress))\n",
                "        let applied = self.applied()?;\n        self.catching_up(journal)?.try_for_each(|piece| piece.map(&mut *progress))?;\n        let tail: Result<Vec<_>, _> = journal.scan(applied.next()).collect();\n        self.apply(&tail?)\n",
            ),
            (
                "src/store/fold.rs",
                "            Ordering::Less => Ok(()),\n",
                "            Ordering::Less => self.record(record, location),\n",
            ),
        ],
    },
    Break {
        name: "answered before it is synced",
        noticed_by: Ground::RealWriter,
        changes: &[("src/engine/writer.rs", "reply(durable.clone().map_err(NotKept::from));", "reply(Ok(()));")],
    },
    Break {
        name: "a hold is lost: a reversal without its sale",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/reversal.rs",
            "        ([.., sale], None) => back = undo(draft, *sale, back, now),\n    }\n",
            "        ([.., sale], None) => back = undo(draft, *sale, back, now),\n    }\n    if let State::Held { why: Hold::Unmatched } = back.state {\n        return;\n    }\n",
        )],
    },
    Break {
        name: "a hold is lost: a sale that contradicts what stands",
        noticed_by: Ground::Memory,
        changes: &[
            (
                "src/domain/ticket.rs",
                "            self.deliveries[front].state = State::Held { why };\n",
                "            drop(why);\n",
            ),
            (
                "src/domain/decide/sale.rs",
                "    why.map_or(State::Pending { due: now }, |why| State::Held { why })",
                "    why.map_or(State::Pending { due: now }, |_| State::Pending { due: now })",
            ),
        ],
    },
    Break {
        name: "an attempt lost in a crash is taken for not made",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/engine/batch.rs",
            "                    outcome: Outcome::Unknown,",
            "                    outcome: Outcome::Deferred,",
        )],
    },
    Break {
        name: "undo, though something has followed",
        noticed_by: Ground::Memory,
        changes: &[("src/domain/ticket.rs", "            delivery.undo = None;\n", "")],
    },
    Break {
        name: "undo forgets what the order had changed beside",
        noticed_by: Ground::Stories,
        changes: &[(
            "src/domain/decide/operator.rs",
            "        for before in &undo.before {",
            "        for before in undo.before.iter().filter(|one| one.id == delivery.id) {",
        )],
    },
    Break {
        name: "the same key after a definite no",
        noticed_by: Ground::Memory,
        changes: &[("src/domain/decide/operator.rs", "        one.key_epoch += 1;\n", "")],
    },
    Break {
        name: "a new key after an unknown outcome",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/operator.rs",
            "if one.stage() == Stage::Failed && one.last.as_ref().is_some_and(|last| last.outcome == Outcome::Refused) {",
            "if one.stage() == Stage::Failed && one.last.as_ref().is_some_and(|last| last.outcome != Outcome::Deferred) {",
        )],
    },
    Break {
        name: "the same key for other words",
        noticed_by: Ground::Memory,
        changes: &[("src/domain/decide/sale.rs", "            delivery.key_epoch += 1;\n", "")],
    },
    Break {
        name: "a late older sale is sent",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/ticket.rs",
            "            return Some(Hold::SoldBefore { sold: sold.id });",
            "            let _ = sold;",
        )],
    },
    Break {
        name: "a sale whose seller never had the ticket is sent",
        noticed_by: Ground::Memory,
        changes: &[
            (
                "src/domain/ticket.rs",
                "return (!repeats_the_last).then_some(Hold::NotTheOwner { owner_since });",
                "return (owner_since == delivery_of_nobody() && !repeats_the_last).then_some(Hold::NotTheOwner { owner_since });",
            ),
            (
                "src/domain/ticket.rs",
                "/// Which deliveries are taken to have moved the ticket.",
                "fn delivery_of_nobody() -> DeliveryId {\n    DeliveryId(super::ids::Seq(0))\n}\n\n/// Which deliveries are taken to have moved the ticket.",
            ),
        ],
    },
    Break {
        name: "a return to the reversal's own words",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/reversal.rs",
            "    (back.from, back.to) = (sale.to.clone(), sale.from.clone());\n    if names_somebody",
            "    if names_somebody",
        )],
    },
    Break {
        name: "a return though the ticket has moved on",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/reversal.rs",
            "let send_back = match newer {",
            "let send_back = match newer.filter(|_| false) {",
        )],
    },
    Break {
        name: "an earlier version said again pushes the latest out",
        noticed_by: Ground::Stories,
        changes: &[(
            "src/domain/decide/sale.rs",
            "let again = said == own || delivery.may_have_said(&said);",
            "let again = said == own && said != own;",
        )],
    },
    Break {
        name: "menta's second change sends what a person had cancelled",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/sale.rs",
            "State::InFlight { .. } | State::Held { why: Hold::AmendedAfterCancel }",
            "State::InFlight { .. }",
        )],
    },
    Break {
        name: "a repetition is taken for another sale",
        noticed_by: Ground::Memory,
        changes: &[(
            "src/domain/decide/sale.rs",
            "(Some(resale), Some(known)) => resale == known,",
            "(Some(resale), Some(known)) => resale == known && delivery.stage() != Stage::Delivered,",
        )],
    },
    Break {
        name: "a sale is sent, though a reversal without resale id may be of it or of another",
        noticed_by: Ground::Stories,
        changes: &[(
            "src/domain/ticket.rs",
            "if let Some((reversal, taken_for)) = self.reversal_of_either(delivery) {",
            "if let Some((reversal, taken_for)) = self.reversal_of_either(delivery).filter(|_| false) {",
        )],
    },
    Break {
        name: "a reversal that fits several sales is given to the next one that comes",
        noticed_by: Ground::Stories,
        changes: &[(
            "src/domain/decide/sale.rs",
            "                        !of_several && same_parties",
            "                        (of_several || !of_several) && same_parties",
        )],
    },
    Break {
        name: "an older delivery of a ticket is sent again beside the one in flight",
        noticed_by: Ground::Stories,
        changes: &[("src/domain/ticket.rs", "                (Stage::Pending, Some(_)) => in_flight,\n", "")],
    },
    Break {
        name: "a sale amended under way is sent without being judged anew",
        noticed_by: Ground::Stories,
        changes: &[(
            "src/domain/decide/attempt.rs",
            "if draft.get(id).map(|one| one.event) != said {",
            "if draft.get(id).is_none() && said.is_none() {",
        )],
    },
    Break {
        name: "what cannot be read is taken for a sale",
        noticed_by: Ground::Stories,
        changes: &[(
            "src/domain/decide/mod.rs",
            "    Delivery { illegible: true, ..held(update, seq, now, why) }",
            "    Delivery { illegible: false, ..held(update, seq, now, why) }",
        )],
    },
    Break {
        name: "the attempts never end",
        noticed_by: Ground::Memory,
        changes: &[("src/domain/decide/attempt.rs", "policy.next(delivery.tries, seed", "policy.next(1, seed")],
    },
];

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The `text` of `file` with the changes that concern it made.
fn broken(one: &Break, file: &str, text: &str) -> Result<String, String> {
    let mut text = text.to_owned();
    for (_, old, new) in one.changes.iter().filter(|(changed, ..)| *changed == file) {
        match text.matches(old).count() {
            1 => text = text.replacen(old, new, 1),
            times => return Err(format!("`{}`: {file} has {times} times\n{old}", one.name)),
        }
    }
    Ok(text)
}

#[test]
fn every_break_still_fits_the_code() {
    let mut unfit = Vec::new();
    for one in BREAKS {
        for (file, ..) in one.changes {
            let text = std::fs::read_to_string(home().join(file)).unwrap_or_default();
            unfit.extend(broken(one, file, &text).err());
        }
    }
    assert!(unfit.is_empty(), "write them in the words of the new code:\n\n{}", unfit.join("\n\n"));
}

/// A copy of the crate, with a build folder of its own that later runs find warm.
struct Copy {
    tree: PathBuf,
    build: PathBuf,
}

impl Copy {
    fn make() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("breaks");
        let (tree, build) = (folder.join("tree"), folder.join("build"));
        if tree.exists() {
            std::fs::remove_dir_all(&tree).unwrap();
        }
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "README.md",
            "src",
            "tests/simulation",
            "tests/scenarios.rs",
            "tests/support",
            "fixtures/scenarios",
            "benches",
        ] {
            copy(&home().join(name), &tree.join(name));
        }
        // What stands after the engine takes no part in a simulation, and most of the time to build.
        let without = |file: &str, unwanted: &[&str]| {
            let path = tree.join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            let kept: Vec<&str> = text.lines().filter(|line| !unwanted.contains(line)).collect();
            std::fs::write(path, kept.join("\n")).unwrap();
        };
        without("src/lib.rs", &["pub mod delivery;", "pub mod control;", "pub mod ui;", "pub mod cli;"]);
        without("Cargo.toml", &["default-run = \"willcall\""]);
        std::fs::remove_file(tree.join("src/main.rs")).unwrap();
        Self { tree, build }
    }

    /// Runs simulation and stories; only those of `binary` and `test`, if named.
    fn play(&self, binary: &[&str], test: &[&str]) -> Output {
        let binaries = if binary.is_empty() { &["simulation", "scenarios"][..] } else { binary };
        Command::new(env!("CARGO"))
            .args(["test", "--quiet"])
            .args(binaries.iter().flat_map(|binary| ["--test", binary]))
            .args(test)
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.build)
            .env("RUST_BACKTRACE", "0")
            .env_remove("WILLCALL_SEED")
            .env_remove("WILLCALL_SAVE")
            .output()
            .unwrap()
    }

    /// Makes a break. Returns the files as they were, to be put back.
    fn make_break(&self, one: &Break) -> Vec<(PathBuf, String)> {
        let mut sound = Vec::new();
        for (file, ..) in one.changes {
            let path = self.tree.join(file);
            if sound.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, broken(one, file, &text).unwrap()).unwrap();
            sound.push((path, text));
        }
        sound
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// What is said of a broken program: seed, promise, and the steps of the shortest story; or the scenarios that fail.
fn said(output: &str) -> Option<String> {
    if let Some((_, failing)) = output.split_once(" scenarios fail:\n") {
        return Some(failing.lines().next()?.chars().take(150).collect());
    }
    let (_, story) = output.split_once("\nSeed ")?;
    let (about, rest) = story.split_once('\n')?;
    let end = rest.find("# Where this leads today").unwrap_or(rest.len());
    let about: String = about.chars().take(150).collect();
    Some(format!("seed {about} ({} steps)", rest[..end].matches("[[step]]").count()))
}

#[test]
#[allow(clippy::print_stdout)] // the table that the long form is for
fn the_simulation_notices_every_break() {
    let Ok(wanted) = std::env::var("WILLCALL_BREAKS") else { return };
    let copy = Copy::make();
    let sound = copy.play(&[], &[]);
    assert!(sound.status.success(), "fails unbroken:\n{}", String::from_utf8_lossy(&sound.stdout));
    let mut unnoticed = Vec::new();
    for one in BREAKS.iter().filter(|one| wanted == "1" || one.name.contains(&wanted)) {
        let files = copy.make_break(one);
        let built = copy.play(&[], &["--no-run"]);
        assert!(built.status.success(), "{} does not build:\n{}", one.name, String::from_utf8_lossy(&built.stderr));
        let began = Instant::now();
        let outcome = copy.play(&[one.noticed_by.binary()], &["--", one.noticed_by.test()]);
        let seconds = began.elapsed().as_secs_f32();
        files.iter().for_each(|(path, text)| std::fs::write(path, text).unwrap());
        match said(&String::from_utf8_lossy(&outcome.stdout)) {
            Some(story) if !outcome.status.success() => println!("{}\n  {seconds:.1} s: {story}", one.name),
            _ => {
                println!("{}\n  NOT NOTICED in {seconds:.1} s", one.name);
                unnoticed.push(one.name);
            }
        }
    }
    assert_eq!(unnoticed, Vec::<&str>::new(), "not noticed by the simulation");
}
