//! A disk in memory that fails the way disks under Linux fail. It knows what the kernel shows (the page cache, the names in
//! folders) apart from what the platter has, and
//!
//! - a write may be short, or fail with some of its bytes written;
//! - there may be no room, and there may be room again;
//! - an `fdatasync` that fails leaves some sectors on the platter and marks all of them clean: the next one succeeds, writes
//!   nothing and proves nothing, while the cache goes on showing what the platter does not have, until it forgets it; the
//!   names of files likewise, which is more than file systems do: they stop altogether when their own journal fails;
//! - a process may be killed after any byte of a write; the cache survives it;
//! - a power cut keeps any of the unsynced sectors, whole or in part, any of the unsynced names, and any length between.
//!
//! Bytes that a successful sync has covered stay, as long as nobody writes others over them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::disk::{Disk, File};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// `EIO`, wherever it comes up.
    Io,
    /// `ENOSPC` where the call needs room; other calls succeed.
    NoRoom,
    /// A write takes only some of the bytes; other calls succeed.
    Short,
    /// The process is killed in the middle of it.
    Kill,
    /// The power goes in the middle of it.
    PowerCut,
}

/// Which calls that fault befalls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plan {
    /// None.
    Never,
    /// The one of that number, counted from when the plan was made.
    Once(u64, Fault),
    /// All from that number on.
    From(u64, Fault),
    /// Any, that often.
    Chance(f64),
}

#[derive(Debug, Clone)]
pub(super) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    /// What the disk writes whole or not at all, except at a power cut.
    sector: usize,
    /// The bytes that all files together may have.
    room: usize,
    plan: Plan,
    calls: u64,
    /// A dead process makes no calls.
    dead: bool,
    names: BTreeMap<PathBuf, Node>,
    platter_names: BTreeMap<PathBuf, Node>,
    unsynced: Vec<Naming>,
    files: Vec<Content>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A change of the names in a folder: each path names this from now on, or nothing.
#[derive(Debug, Clone)]
struct Naming(Vec<(PathBuf, Option<Node>)>);

#[derive(Debug, Default)]
struct Content {
    cache: Vec<u8>,
    platter: Vec<u8>,
    dirty: BTreeSet<usize>,
    length_dirty: bool,
}

impl FaultyDisk {
    pub(super) fn new(seed: u64, sector: usize) -> Self {
        let names = BTreeMap::from([(PathBuf::from("/"), Node::Folder), (PathBuf::from("/data"), Node::Folder)]);
        Self(Arc::new(Mutex::new(State {
            random: fastrand::Rng::with_seed(seed),
            sector,
            room: usize::MAX,
            plan: Plan::Never,
            calls: 0,
            dead: false,
            platter_names: names.clone(),
            names,
            unsynced: Vec::new(),
            files: Vec::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn plan(&self, plan: Plan) {
        let mut state = self.state();
        (state.plan, state.calls) = (plan, 0);
    }

    /// Calls since the plan was made.
    pub(super) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// The bytes that all files together have.
    pub(super) fn used(&self) -> usize {
        self.state().used()
    }

    /// The bytes that they may have.
    pub(super) fn limit(&self, bytes: usize) {
        self.state().room = bytes;
    }

    /// The process was killed, or the power has gone.
    pub(super) fn dead(&self) -> bool {
        self.state().dead
    }

    pub(super) fn kill(&self) {
        self.state().kill();
    }

    pub(super) fn cut_power(&self) {
        self.state().cut_power();
    }

    /// A new process, and nothing planned for it.
    pub(super) fn start(&self) {
        self.state().dead = false;
        self.plan(Plan::Never);
    }

    /// Forgets any of the clean sectors.
    pub(super) fn forget(&self) {
        self.state().forget();
    }

    /// Turns a byte of a file over, on the platter as well.
    pub(super) fn flip(&self, path: &Path, at: usize) {
        let mut state = self.state();
        let file = state.file(path).unwrap();
        let Content { cache, platter, .. } = &mut state.files[file];
        cache[at] ^= 1;
        platter[at] ^= 1;
    }

    /// What the kernel shows of a file.
    pub(super) fn shown(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.files[state.file(path).unwrap()].cache.clone()
    }
}

impl State {
    fn used(&self) -> usize {
        let files = self.names.values().filter_map(|node| match node {
            Node::File(file) => Some(self.files[*file].cache.len()),
            Node::Folder => None,
        });
        files.sum()
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Node::File(file)) => Ok(*file),
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Counts a call and says what befalls it.
    fn call(&mut self) -> io::Result<Option<Fault>> {
        if self.dead {
            return Err(io::Error::other("the process is dead"));
        }
        self.calls += 1;
        Ok(match self.plan {
            Plan::Once(number, fault) if number == self.calls => Some(fault),
            Plan::From(number, fault) if number <= self.calls => Some(fault),
            Plan::Chance(often) if self.random.f64() < often => self.random.choice(FAULTS),
            _ => None,
        })
    }

    /// A call that cannot be half done and needs no room.
    fn simple(&mut self) -> io::Result<()> {
        match self.call()? {
            None | Some(Fault::NoRoom | Fault::Short) => Ok(()),
            Some(fault) => Err(self.fail(fault)),
        }
    }

    fn fail(&mut self, fault: Fault) -> io::Error {
        match fault {
            Fault::Kill => self.kill(),
            Fault::PowerCut => self.cut_power(),
            Fault::Io | Fault::NoRoom | Fault::Short => {}
        }
        match fault {
            Fault::NoRoom => io::ErrorKind::StorageFull.into(),
            fault => io::Error::other(format!("{fault:?}")),
        }
    }

    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.names);
        self.unsynced.push(naming);
    }

    fn kill(&mut self) {
        self.dead = true;
        if self.random.bool() {
            self.forget();
            // Nobody has the file open any more: its length, too, is read from the platter again.
            for file in self.files.iter_mut().filter(|file| file.dirty.is_empty() && !file.length_dirty) {
                file.cache.clone_from(&file.platter);
            }
        }
    }

    fn forget(&mut self) {
        let Self { files, random, sector, .. } = self;
        for file in files {
            for place in 0..file.cache.len().div_ceil(*sector) {
                if !file.dirty.contains(&place) && random.bool() {
                    file.forget(place, *sector);
                }
            }
        }
    }

    fn cut_power(&mut self) {
        let Self { files, random, sector, .. } = self;
        for file in files {
            file.survive(*sector, random);
        }
        for naming in std::mem::take(&mut self.unsynced) {
            if self.random.bool() {
                naming.apply(&mut self.platter_names);
            }
        }
        let folders = self.platter_names.clone();
        self.platter_names.retain(|path, _| path.ancestors().all(|above| folders.contains_key(above)));
        self.names.clone_from(&self.platter_names);
        self.dead = true;
    }
}

const FAULTS: [Fault; 5] = [Fault::Io, Fault::NoRoom, Fault::Short, Fault::Kill, Fault::PowerCut];

impl Naming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        for (path, node) in &self.0 {
            match node {
                Some(node) => names.insert(path.clone(), *node),
                None => names.remove(path),
            };
        }
    }

    fn is_of_folder(&self) -> bool {
        self.0.iter().any(|(_, node)| *node == Some(Node::Folder))
    }

    fn is_in(&self, folder: &Path) -> bool {
        self.0.iter().all(|(path, _)| path.parent() == Some(folder))
    }
}

impl Content {
    fn write(&mut self, bytes: &[u8], at: usize, sector: usize) {
        let end = at + bytes.len();
        if self.cache.len() < end {
            self.cache.resize(end, 0);
            self.length_dirty = true;
        }
        self.length_dirty |= end > self.platter.len();
        self.cache[at..end].copy_from_slice(bytes);
        self.dirty.extend(at / sector..end.div_ceil(sector));
    }

    fn set_length(&mut self, length: usize, sector: usize) {
        if length == self.cache.len() {
            return;
        }
        self.length_dirty = true;
        let changed = length.min(self.cache.len()) / sector;
        self.cache.resize(length, 0);
        self.dirty.retain(|place| place * sector < length);
        self.dirty.extend(changed..length.div_ceil(sector));
    }

    /// Brings a sector, or its first bytes, onto the platter.
    fn keep(&mut self, place: usize, sector: usize, most: usize) {
        let begin = place * sector;
        let end = (begin + sector.min(most)).min(self.cache.len());
        if begin < end {
            self.platter.resize(self.platter.len().max(end), 0);
            self.platter[begin..end].copy_from_slice(&self.cache[begin..end]);
        }
    }

    fn forget(&mut self, place: usize, sector: usize) {
        let end = ((place + 1) * sector).min(self.cache.len());
        for at in place * sector..end {
            self.cache[at] = self.platter.get(at).copied().unwrap_or(0);
        }
    }

    fn sync(&mut self, sector: usize) {
        for place in std::mem::take(&mut self.dirty) {
            self.keep(place, sector, sector);
        }
        if std::mem::take(&mut self.length_dirty) {
            self.platter.resize(self.cache.len(), 0);
        }
    }

    /// Some sectors come onto the platter, none is dirty afterwards.
    fn sync_badly(&mut self, sector: usize, random: &mut fastrand::Rng) {
        for place in std::mem::take(&mut self.dirty) {
            if random.bool() {
                self.keep(place, sector, sector);
            }
        }
        if std::mem::take(&mut self.length_dirty) && random.bool() {
            self.platter.resize(self.cache.len(), 0);
        }
    }

    fn survive(&mut self, sector: usize, random: &mut fastrand::Rng) {
        let (before, kept) = (self.platter.len(), random.u8(..5));
        for place in std::mem::take(&mut self.dirty) {
            // All, none, or any: each is what some power cuts do.
            match kept {
                0 => {}
                1 => self.keep(place, sector, sector),
                _ => match random.u8(..3) {
                    0 => {}
                    1 => self.keep(place, sector, sector),
                    _ => self.keep(place, sector, random.usize(..sector)),
                },
            }
        }
        if std::mem::take(&mut self.length_dirty) {
            let (least, most) = (before.min(self.cache.len()), before.max(self.cache.len()));
            let length = match random.u8(..3) {
                0 => before,
                1 => self.cache.len(),
                _ => random.usize(least..=most),
            };
            self.platter.resize(length, 0);
        }
        self.cache.clone_from(&self.platter);
    }
}

impl Disk for FaultyDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return state.simple();
        }
        state.make(path, |_| Node::Folder)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.simple()?;
        let below = state.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(below.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.call()?;
        let (synced, others) = state.unsynced.drain(..).partition(|naming: &Naming| naming.is_in(path));
        state.unsynced = others;
        if let Some(fault @ (Fault::Kill | Fault::PowerCut)) = fault {
            state.unsynced.extend(synced);
            return Err(state.fail(fault));
        }
        for naming in synced {
            if fault.is_none_or(|fault| fault == Fault::Short) || state.random.bool() {
                naming.apply(&mut state.platter_names);
            } else if naming.is_of_folder() {
                state.unsynced.push(naming);
            }
        }
        match fault {
            None | Some(Fault::Short) => Ok(()),
            Some(fault) => Err(state.fail(fault)),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let mut state = self.state();
        state.simple()?;
        let file = state.file(path)?;
        Ok(Box::new(OpenFile { disk: self.clone(), file }))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.open(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.make(path, |files| {
            files.push(Content::default());
            Node::File(files.len() - 1)
        })?;
        let file = state.file(path)?;
        Ok(Box::new(OpenFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.simple()?;
        let node = Node::File(state.file(from)?);
        state.name(Naming(vec![(from.to_owned(), None), (to.to_owned(), Some(node))]));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.simple()?;
        state.file(path)?;
        state.name(Naming(vec![(path.to_owned(), None)]));
        Ok(())
    }
}

impl State {
    /// A new name; killed in the middle of it, there is one or none.
    fn make(&mut self, path: &Path, node: impl FnOnce(&mut Vec<Content>) -> Node) -> io::Result<()> {
        let fault = self.call()?;
        let full = self.used() >= self.room;
        let made = match fault {
            None | Some(Fault::Short) => !full,
            Some(Fault::Kill | Fault::PowerCut) => self.random.bool(),
            Some(Fault::Io | Fault::NoRoom) => false,
        };
        if made {
            let node = node(&mut self.files);
            self.name(Naming(vec![(path.to_owned(), Some(node))]));
        }
        match fault {
            None | Some(Fault::Short) if full => Err(io::ErrorKind::StorageFull.into()),
            None | Some(Fault::Short) => Ok(()),
            Some(fault) => Err(self.fail(fault)),
        }
    }
}

#[derive(Debug)]
struct OpenFile {
    disk: FaultyDisk,
    file: usize,
}

impl OpenFile {
    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.call()?;
        let State { files, random, sector, .. } = &mut *state;
        match fault {
            None | Some(Fault::Short) => {
                files[self.file].sync(*sector);
                Ok(())
            }
            Some(fault @ (Fault::Io | Fault::NoRoom)) => {
                files[self.file].sync_badly(*sector, random);
                Err(state.fail(fault))
            }
            Some(fault) => Err(state.fail(fault)),
        }
    }
}

impl File for OpenFile {
    fn length(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        state.simple()?;
        Ok(state.files[self.file].cache.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.simple()?;
        let rest = state.files[self.file].cache.get(at as usize..).unwrap_or_default();
        let read = rest.len().min(bytes.len());
        bytes[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let fault = state.call()?;
        let at = at as usize;
        let room = state.room.saturating_sub(state.used()) + state.files[self.file].cache.len().saturating_sub(at);
        let fits = bytes.len().min(room);
        let written = match fault {
            None => fits,
            Some(Fault::Short) => fits.min(state.random.usize(1..=bytes.len())),
            Some(_) => fits.min(state.random.usize(..=bytes.len())),
        };
        let State { files, sector, .. } = &mut *state;
        files[self.file].write(&bytes[..written], at, *sector);
        match fault {
            None | Some(Fault::Short) if written == 0 => Err(io::ErrorKind::StorageFull.into()),
            None | Some(Fault::Short) => Ok(written),
            Some(fault) => Err(state.fail(fault)),
        }
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.simple()?;
        let State { files, sector, .. } = &mut *state;
        files[self.file].set_length(length as usize, *sector);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }
}
