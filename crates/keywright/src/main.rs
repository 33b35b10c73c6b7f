//! `keywright`: hub, verifier and command line in one program.
#![allow(clippy::print_stderr)]

use std::process::ExitCode;

use clap::Parser;
use keywright::cli::{Cli, Command};

/// Each verdict allocates a few short-lived buffers, and each second's usage some large ones, which this allocator gives back to the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    keywright::log::start(matches!(cli.command, Command::Serve(_)));
    let json = cli.common.json;
    // A command waits for the store; a server has work for every core.
    let mut runtime = match cli.command {
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime does not start: {error}");
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(keywright::commands::run(cli)) {
        Ok(output) => ExitCode::from(output.print(json)),
        Err(failure) => {
            if json {
                eprintln!("{}", failure.to_problem());
            } else {
                eprintln!("{}", failure.to_text());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Help and version end with 0; what cannot be read is a problem document where JSON was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|a| a == "--json");
    let text = error.render().to_string();
    let plain = keywright_domain::text::without_secrets(&text);
    if error.use_stderr() && json {
        let detail = plain.trim().trim_start_matches("error: ").to_owned();
        eprintln!("{}", keywright::failure::Failure::usage(detail).to_problem());
    } else if error.use_stderr() && plain != text {
        // What was typed in the wrong place could be a secret, and standard error a log.
        eprint!("{plain}");
    } else {
        // Nobody is left to tell when even this cannot be printed.
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
