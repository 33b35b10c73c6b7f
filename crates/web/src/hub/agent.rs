//! What a browser calls itself, in words that its owner recognises.

/// A browser, and what it runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    /// `Firefox`
    pub(crate) name: String,
    /// `Windows`; empty where it does not say.
    pub(crate) on: &'static str,
}

/// Browsers, those that also call themselves by another's name first.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, in the same order.
const SYSTEMS: [(&str, &str); 7] =
    [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

/// Characters of a name that is none of these.
const NAME_CHARS: usize = 40;

impl Agent {
    /// From `User-Agent` (RFC 9110 section 10.1.5).
    pub(crate) fn of(agent: &str) -> Self {
        let known = |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
        let product = || agent.split([' ', '/']).next().unwrap_or_default().chars().take(NAME_CHARS).collect::<String>();
        let name = known(&BROWSERS).map_or_else(product, str::to_owned);
        Self { name: if name.is_empty() { "Unknown browser".to_owned() } else { name }, on: known(&SYSTEMS).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_recognised_by_their_own_names() {
        for (agent, name, on) in [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36", "Chrome", "Linux"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36 Edg/137.0", "Edge", "Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "macOS"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1", "Safari", "iPhone"),
            ("curl/8.14.1", "curl", ""),
            ("", "Unknown browser", ""),
        ] {
            assert_eq!(Agent::of(agent), Agent { name: name.to_owned(), on });
        }
        assert_eq!(Agent::of(&"x".repeat(500)).name.len(), NAME_CHARS);
    }
}
