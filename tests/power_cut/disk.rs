//! A disk that can lose its power: an ext4 in a file, mounted through a loop device. Unmounted and removed when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::ioctl::{Opcode, Setter, ioctl, opcode};
use tempfile::TempDir;

/// Large enough for any load; what is not written takes no room.
const BYTES: u64 = 1 << 30;

/// `_IOR('X', 125, __u32)`, from the kernel's `fs/ext4/ext4.h`.
const EXT4_IOC_SHUTDOWN: Opcode = opcode::read::<u32>(b'X', 125);

/// Everything fails from now on, and what the file system's journal holds in memory is not written.
const WITHOUT_FLUSHING_THE_JOURNAL: u32 = 2;

/// A mounted disk.
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Makes and mounts one; or says in a sentence why that can't be done here.
    pub fn make() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("mounting a disk needs root".to_owned());
        }
        if !Path::new("/dev/loop-control").exists() {
            return Err("there are no loop devices here".to_owned());
        }
        let folder = TempDir::new().map_err(|error| format!("there is no temporary folder: {error}"))?;
        let disk = Self { folder };
        let made = File::create(disk.image()).and_then(|image| image.set_len(BYTES));
        made.and_then(|()| std::fs::create_dir(disk.path())).map_err(|error| format!("no room for a disk: {error}"))?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(disk.image()))?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// Cuts its power.
    #[allow(unsafe_code)]
    pub fn cut(&self) {
        let root = File::open(self.path()).expect("the disk's root folder");
        // SAFETY: the kernel reads a `u32` by the pointer it is given and keeps neither; any value is allowed.
        let shut_down = unsafe { ioctl(root, Setter::<EXT4_IOC_SHUTDOWN, u32>::new(WITHOUT_FLUSHING_THE_JOURNAL)) };
        shut_down.expect("the file system to be shut down");
    }

    /// Gives it back its power: what comes back is what is in the image.
    pub fn mount_again(&self) {
        self.unmount().unwrap();
        self.mount().unwrap();
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn mount(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-t", "ext4", "-o", "loop,nodev,nosuid"]).arg(self.image()).arg(self.path()))
    }

    fn unmount(&self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            match run(Command::new("umount").arg(self.path())) {
                // Who looks through all mounts (an indexer, `df`) holds it for a moment.
                Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(50)),
                outcome => return outcome,
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let device = |path: &Path| rustix::fs::stat(path).map(|stat| stat.st_dev).ok();
        let is_mounted = device(&self.path()) != device(self.folder.path());
        if is_mounted && self.unmount().is_err() {
            // Out of the way at once, and truly gone when the last who uses it is.
            let _ = run(Command::new("umount").arg("--lazy").arg(self.path()));
        }
    }
}

/// Runs a tool of the system administrator, whose folders not every `PATH` names.
fn run(command: &mut Command) -> Result<(), String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.env("PATH", format!("{path}:/usr/sbin:/sbin")).output();
    let output = output.map_err(|error| format!("`{name}` cannot be run: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
