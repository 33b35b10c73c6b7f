//! Enums whose variants are words: of routes, forms and the store.

/// Declares such an enum with the error that says which words there are: `as_str`, `ALL`, `Display` and `FromStr` come with it.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident, $error:ident($what:literal) { $($(#[$word_meta:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$word_meta])* $variant,)+
        }

        /// Why a text is not one of the words.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{0:?} is not {what}: write {known}", what = $what, known = $crate::words::either(&$name::ALL.map($name::as_str)))]
        pub struct $error(String);

        impl $name {
            /// All of them, in order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| $error($crate::text::repeated(text)))
            }
        }
    };
}

pub(crate) use words;

/// `a, b or c`
pub(crate) fn either(words: &[&str]) -> String {
    listed(words, "or")
}

/// `a, b or c`, or with another word before the last.
pub(crate) fn listed(words: &[&str], before_last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} {before_last} {last}", others.join(", ")),
    }
}
