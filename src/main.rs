//! Parse, wire, run: all in [`willcall::cli`].

fn main() -> std::process::ExitCode {
    willcall::cli::run(std::env::args_os())
}
