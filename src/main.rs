//! The program: hands its arguments to the library and gives back the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

/// Measured beside glibc's: a fifth less processor time a webhook.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    willcall::cli::run(std::env::args_os())
}
