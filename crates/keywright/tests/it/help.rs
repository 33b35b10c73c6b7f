//! What the program says of itself.

use clap::{Command, CommandFactory};
use keywright::cli::Cli;

/// The help of every command, in one text that is reviewed like code: `cargo xtask snapshots` writes it anew.
#[test]
fn the_help_reads_as_it_was_reviewed() {
    let mut text = String::new();
    let mut cli = Cli::command().term_width(110);
    cli.build();
    append(&mut cli, &mut text);
    insta::assert_snapshot!("help", text);
}

fn append(command: &mut Command, text: &mut String) {
    let help = command.render_help();
    text.push_str(&format!("$ {} --help\n{help}\n", command.get_bin_name().unwrap_or("keywright")));
    command.get_subcommands_mut().for_each(|c| append(c, text));
}
