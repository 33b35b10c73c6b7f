//! `keywright keygen`

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::secret::Secret;
use keywright_operations::credentials::{key_type, private_form};
use serde_json::json;

use crate::cli::Keygen;
use crate::failure::Failure;
use crate::output::Output;

/// Makes a key pair here and now. No store is opened, and nothing but the file is kept.
pub(super) async fn run(wanted: Keygen) -> Result<Output, Failure> {
    let key_type = key_type(&wanted.key_type).map_err(|why| Failure::usage(format!("--key-type: {why}")))?;
    let form = private_form(&wanted.pem, key_type).map_err(|why| Failure::usage(format!("--pem: {why}")))?;
    let pair = KeyPair::generate(key_type).map_err(keywright_operations::Error::from)?;
    let private = pair.to_pem(form).map_err(|why| Failure::usage(format!("--pem: {why}")))?;
    let public = pair.public().to_pem();
    let mut json = json!({ "key_type": key_type.word(), "public_key_pem": public });
    match wanted.out {
        None => {
            json["private_key_pem"] = json!(private.expose());
            Ok(Output::new(json, format!("{}{}", private.expose(), public.trim_end())))
        }
        Some(path) => {
            write_new(&path, &private)?;
            json["private_key_file"] = json!(path);
            Ok(Output::new(json, public.trim_end().to_owned()))
        }
    }
}

/// A file that is there stays as it is: it may be somebody's only copy of a key.
fn write_new(path: &Path, private: &Secret) -> Result<(), Failure> {
    let wrong = |e: std::io::Error| Failure::usage(format!("--out {}: {e}", path.display()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    file.write_all(private.expose().as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)
}
