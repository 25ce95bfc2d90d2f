//! The gateway binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    interop_gateway::cli::run()
}
