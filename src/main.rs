//! The program: hands its arguments to the library and gives back the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    willcall::cli::run(std::env::args_os())
}
