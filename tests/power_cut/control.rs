//! The yardstick: a program that does nothing but write and `fdatasync` on the same disk.
//!
//! A file system that is being shut down still lets some `fdatasync` return success for what it has not written: the
//! transaction it waits for ends by being aborted. What is lost of this program in that moment is the kernel's doing; of
//! what it had heard before, nothing may be.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Instant;

/// Each write appends one, so that every sync has something of the file system's own to write: the file's length.
const BLOCK: usize = 1024;

/// What it was told and what there is.
#[derive(Debug, Default, Clone, Copy)]
pub struct Control {
    /// Blocks whose sync had returned before the power began to go.
    pub before: usize,
    /// Those of them that are not there.
    pub lost: usize,
    /// Blocks whose sync returned success later.
    pub in_the_moment: usize,
    /// Those of them that are not there.
    pub swallowed: usize,
}

/// The program, running.
pub struct Running {
    path: PathBuf,
    over: Arc<AtomicBool>,
    thread: JoinHandle<(usize, usize)>,
}

impl Running {
    /// Starts it on a new file in `folder`. `begun` is when the power begins to go.
    pub fn start(folder: &Path, begun: Arc<OnceLock<Instant>>) -> Self {
        let path = folder.join("control");
        let over = Arc::new(AtomicBool::new(false));
        let (file, stop) = (File::create(&path).expect("a file on the disk"), Arc::clone(&over));
        File::open(folder).and_then(|folder| folder.sync_all()).expect("its name on the disk");
        let thread = std::thread::spawn(move || {
            let (mut before, mut in_the_moment) = (0, 0);
            while !stop.load(Ordering::SeqCst) {
                let number = before + in_the_moment;
                let done = file.write_all_at(&block(number), (number * BLOCK) as u64).and_then(|()| file.sync_data());
                let returned = Instant::now();
                match (done, begun.get().is_some_and(|begun| returned >= *begun)) {
                    (Err(_), _) => break,
                    (Ok(()), false) => before += 1,
                    (Ok(()), true) => in_the_moment += 1,
                }
            }
            (before, in_the_moment)
        });
        Self { path, over, thread }
    }

    /// Stops it; what it was told is to be compared with what there is once the disk is back.
    pub fn stop(self) -> Told {
        self.over.store(true, Ordering::SeqCst);
        let (before, in_the_moment) = self.thread.join().expect("it to end");
        Told { path: self.path, before, in_the_moment }
    }
}

/// What the program was told.
pub struct Told {
    path: PathBuf,
    before: usize,
    in_the_moment: usize,
}

impl Told {
    /// Looks at what there is.
    pub fn look(self) -> Control {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        let is_there = |number: &usize| bytes.get(number * BLOCK..(number + 1) * BLOCK) == Some(&block(*number)[..]);
        let kept = (0..self.before).filter(is_there).count();
        let late = (self.before..self.before + self.in_the_moment).filter(is_there).count();
        Control {
            before: self.before,
            lost: self.before - kept,
            in_the_moment: self.in_the_moment,
            swallowed: self.in_the_moment - late,
        }
    }
}

fn block(number: usize) -> [u8; BLOCK] {
    let mut block = [b'.'; BLOCK];
    block[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    block
}
