//! Programs, which are pasted in the place of what they send.

/// Starts of lines that a program has and a request has not.
const STARTS: [&str; 14] = ["#!", "bash ", "set -", "curl ", "export ", "import ", "from ", "const ", "let ", "var ", "def ", "use ", "fn ", "require("];

/// Whether a text is a program in a common language. A request begins with its method, and no header looks like one of these.
pub(super) fn is(text: &str) -> bool {
    let head = text.lines().take_while(|line| !line.trim().is_empty());
    let mut lines = head.chain(text.lines()).map(str::trim_start);
    let first_is_request = text.lines().next().is_some_and(|line| line.split(' ').count() >= 2 && line.starts_with(|c: char| c.is_ascii_uppercase()));
    !first_is_request && lines.any(|line| STARTS.iter().any(|start| line.starts_with(start)) || line.contains("| curl "))
}
