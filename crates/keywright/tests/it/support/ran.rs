//! What came of a command.

use serde_json::Value;

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// What was typed, for messages.
    pub(crate) line: String,
    /// -1: a signal ended it.
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON value on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{}: standard output is not one JSON value ({e}): {self:?}", self.line))
    }

    /// The problem document on standard error, which must be all that there is.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.stdout, "", "{self:?}");
        let problem: Value = serde_json::from_str(&self.stderr).unwrap_or_else(|e| panic!("standard error is not one problem document ({e}): {self:?}"));
        for member in ["type", "title", "code", "detail"] {
            assert!(problem[member].is_string(), "{member} in {problem}");
        }
        assert!(problem["status"].is_number(), "status in {problem}");
        problem
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "{}: {self:?}", self.line);
        self
    }
}
