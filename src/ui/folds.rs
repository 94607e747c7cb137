//! Which parts of a document are folded.
//!
//! A part is named by its path: the places of members and elements from the top down, so that two keys of one name are two
//! parts. What is open at first is the document's to say; here stands where the reader wants it otherwise.

use std::collections::BTreeSet;

/// Places from the top down; the whole is the empty path.
pub type Path = Vec<usize>;

/// The part that begins on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// It is open.
    pub open: bool,
    /// It is open where the reader has said nothing.
    pub at_first: bool,
}

/// Levels that stay as they are when all is folded: of an envelope nothing would be left to read.
const KEPT: usize = 2;

/// Where the reader wants it otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds {
    /// All open, or all folded.
    all: Option<bool>,
    /// Those that are not as all are.
    flipped: BTreeSet<Path>,
    /// Those that are open because something in them is looked for.
    needed: BTreeSet<Path>,
}

impl Folds {
    /// Everything is open, or everything but the outermost levels folded.
    pub fn all(open: bool) -> Self {
        Self { all: Some(open), ..Self::default() }
    }

    /// How the part at `path` stands, which is open at first or not.
    pub fn at(&self, path: &[usize], at_first: bool) -> Fold {
        let usual = self.all.filter(|open| *open || path.len() >= KEPT).unwrap_or(at_first);
        Fold { open: usual != self.flipped.contains(path) || self.needed.contains(path), at_first }
    }

    /// Opens what is folded, and folds what is open.
    pub fn flip(&mut self, path: &[usize], fold: Fold) {
        // What only a search holds open is folded by letting go of it.
        self.needed.remove(path);
        if self.at(path, fold.at_first).open == fold.open && !self.flipped.remove(path) {
            self.flipped.insert(path.to_vec());
        }
    }

    /// Opens what lies above the parts that were found, and nothing else for that reason.
    pub fn need<'p>(&mut self, found: impl Iterator<Item = &'p Path>) {
        self.needed = found.flat_map(|path| (0..path.len()).map(|end| path[..end].to_vec())).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flip(folds: &mut Folds, path: &[usize], at_first: bool) {
        let fold = folds.at(path, at_first);
        folds.flip(path, fold);
        assert_ne!(folds.at(path, at_first).open, fold.open, "{path:?}");
    }

    #[test]
    fn whatever_all_are_one_can_be_otherwise() {
        for mut folds in [Folds::default(), Folds::all(true), Folds::all(false)] {
            for path in [&[][..], &[1], &[1, 2], &[1, 2, 3]] {
                for at_first in [true, false] {
                    flip(&mut folds, path, at_first);
                    flip(&mut folds, path, at_first);
                }
            }
        }
        let folds = Folds::all(false);
        assert!(folds.at(&[3], true).open && !folds.at(&[3, 0], true).open);
    }

    #[test]
    fn what_is_found_is_opened_and_can_be_folded_all_the_same() {
        let mut folds = Folds::all(false);
        folds.need([vec![1, 2, 3]].iter());
        assert!(folds.at(&[1, 2], true).open && !folds.at(&[1, 2, 3], true).open && !folds.at(&[1, 4], true).open);
        flip(&mut folds, &[1, 2], true);
        flip(&mut folds, &[1, 2], true);
        folds.need(std::iter::empty());
        assert!(folds.at(&[1, 2], true).open);
    }
}
