//! `cargo xtask picture`: the picture of the README, taken in a browser from an example that the tests make.

use crate::{run, test, tools};

/// The test that takes it; it does so whenever the tests run, and leaves it among the other screenshots.
const TEST: &str = "browser::picture";

/// Installs, takes the picture, and puts it where the README shows it.
pub(crate) fn picture() -> Result<(), String> {
    test::install_what_is_missing()?;
    tools::install()?;
    run::run(&mut run::cargo(["test", "--package", "keywright", "--test", "it", "--", TEST]))?;
    let (taken, shown) = (run::target().join("screenshots/picture.png"), run::root().join("docs/picture.png"));
    std::fs::copy(&taken, &shown).map_err(|why| format!("{} cannot be copied: {why}", taken.display()))?;
    println!("docs/picture.png is new. Look at it before you commit it.");
    Ok(())
}
