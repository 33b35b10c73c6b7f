//! `keywright keygen`

use keywright_crypto::key_pair::KeyPair;
use keywright_operations::credentials::{key_type, private_form};
use serde_json::json;

use crate::cli::Keygen;
use crate::failure::Failure;
use crate::new_file::NewFile;
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
            NewFile::open(path.clone())?.write(private.expose()).map_err(Failure::usage)?;
            json["private_key_file"] = json!(path);
            Ok(Output::new(json, public.trim_end().to_owned()))
        }
    }
}
