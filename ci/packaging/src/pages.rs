//! Man pages and completions.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;

use crate::{below, tools};

/// Writes a man page for every tool and subcommand, and completions for three shells for every tool.
///
/// # Errors
/// A folder or a file cannot be written.
pub(crate) fn write(dir: &Path) -> io::Result<()> {
    let pages = dir.join("man1");
    let completions = dir.join("completions");
    fs::create_dir_all(&pages)?;
    fs::create_dir_all(&completions)?;
    for mut tool in tools() {
        let name = tool.get_name().to_owned();
        page(&tool, &name, &pages)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            generate_to(shell, &mut tool, &name, &completions)?;
        }
    }
    Ok(())
}

/// The page of a command, called as git's are: `props-set.1`.
fn page(command: &Command, name: &str, dir: &Path) -> io::Result<()> {
    for command in below(command) {
        page(command, &format!("{name}-{}", command.get_name()), dir)?;
    }
    let mut text = Vec::new();
    // clap prints a command's own name on top; a reader looks for the one it is filed under.
    Man::new(command.clone().name(name.to_owned())).render(&mut text)?;
    fs::write(dir.join(name).with_extension("1"), text)
}
