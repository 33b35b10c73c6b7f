//! The account that runs this process.

/// Its name, or `uid-1000` where it has none.
pub(crate) fn name() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let named = std::fs::read_to_string("/etc/passwd").ok().and_then(|passwd| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
        })
    });
    named.unwrap_or_else(|| format!("uid-{uid}"))
}
