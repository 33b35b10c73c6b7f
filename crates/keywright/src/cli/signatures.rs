//! What the command line says about signed requests.

use std::path::PathBuf;

use clap::Args;
use keywright_crypto::public_key::Algorithm;
use keywright_domain::catalogue::Scheme;

/// A request to sign. No store and no server is needed.
#[derive(Debug, Args)]
pub struct Sign {
    /// File with what `key create --json` printed, or the API answered; - for standard input
    #[arg(long, value_name = "FILE")]
    pub credential: PathBuf,
    /// As it is sent: POST
    pub method: String,
    /// The whole address as it is sent, with its query: https://api.example.com/orders?page=2
    pub url: String,
    /// File with the body, byte for byte as it is sent
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
    /// Header that is sent and signed too: 'Name: value'; may be given several times
    #[arg(long, value_name = "HEADER")]
    pub header: Vec<String>,
    /// http-message-signatures, tylt (of a secret key) or yoti (of a private key, and into the address too: standard error says which)
    #[arg(long, default_value = "http-message-signatures", value_parser = scheme)]
    pub scheme: Scheme,
    /// How the private key signs: rsa-pss-sha512 [default: the key's own way]
    #[arg(long, value_parser = algorithm)]
    pub algorithm: Option<Algorithm>,
    /// Start of the path that is not signed, with --scheme yoti: /idverify/v1
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    pub base_path: String,
}

fn scheme(word: &str) -> Result<Scheme, String> {
    Scheme::from_name(word).ok_or_else(|| format!("write {}", Scheme::ALL.map(Scheme::as_str).join(", ")))
}

fn algorithm(word: &str) -> Result<Algorithm, String> {
    let known: Vec<&str> = Algorithm::ALL.iter().filter_map(|algorithm| algorithm.http_name()).collect();
    Algorithm::from_http_name(word).ok_or_else(|| format!("write {}", known.join(", ")))
}

/// A request that was refused. Nothing of it is kept.
#[derive(Debug, Args)]
pub struct ExplainSignature {
    /// key_… [default: the credential that the request names]
    pub key: Option<String>,
    /// File with the request as it was sent, raw HTTP, a curl line or what curl -v shows [default: standard input]
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// File with the text that the client signed, byte for byte [default: it is found out where that is possible]
    #[arg(long, value_name = "FILE")]
    pub signed: Option<PathBuf>,
    /// http-message-signatures, tylt or yoti [default: what the request's headers say]
    #[arg(long, value_parser = scheme)]
    pub scheme: Option<Scheme>,
    /// When the request was sent: 2027-01-31T12:00:00Z, for the check of the clock
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}
