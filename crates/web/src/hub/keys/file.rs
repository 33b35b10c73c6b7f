//! What files with secrets are called.

use keywright_domain::credential::Environment;

/// What samples call the file with a private key that was not downloaded from the page that shows them.
pub(super) const OWN_PRIVATE_KEY: &str = "your-private-key.pem";

/// `age-scan-sandbox-v2.pem`: service, name of the credential, environment and version, so that no download is taken for another one. Letters and digits,
/// nothing that a file system minds.
pub(super) fn file_name(service: &str, name: &str, environment: Environment, version: u32, ending: &str) -> String {
    let words: Vec<String> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    let words: String = words.join("-").chars().take(60).collect();
    let stem = match words.as_str() {
        "" => service.to_owned(),
        words if words.starts_with(service) => words.to_owned(),
        words => format!("{service}-{words}"),
    };
    stem + &after_name(environment, version, ending)
}

/// What follows service and name, for a script that knows the name before we do.
pub(super) fn after_name(environment: Environment, version: u32, ending: &str) -> String {
    format!("-{}-v{version}.{ending}", environment.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_downloads_have_one_name() {
        let (sandbox, production) = (Environment::Sandbox, Environment::Production);
        assert_eq!(file_name("age-scan", "Age Scan", sandbox, 2, "pem"), "age-scan-sandbox-v2.pem");
        assert_eq!(file_name("maps", "Back end (EU)", production, 1, "key"), "maps-back-end-eu-production-v1.key");
        assert_eq!(file_name("maps", "../../etc/passwd", sandbox, 1, "pem"), "maps-etc-passwd-sandbox-v1.pem");
        assert_eq!(file_name("maps", "鍵", sandbox, 3, "secret"), "maps-sandbox-v3.secret");
    }
}
