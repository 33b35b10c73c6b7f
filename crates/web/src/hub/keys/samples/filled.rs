//! Filling samples in.

use super::Fill;
use crate::hub::parts::Sample;
use crate::kinds::files::File;

/// With the address and the public half in their places.
pub(super) fn filled(files: &[File], url: &str, fill: Fill<'_>) -> Vec<Sample> {
    let fill_in = |text: &str| {
        let text = text.replace("{{url}}", &quotable(url)).replace("{{token_url}}", &quotable(fill.token_url));
        text.replace("{{keyid}}", fill.public_half).replace("private-key.pem", fill.pem_file).trim_end().to_owned()
    };
    files.iter().map(|(language, text)| Sample { language, code: fill_in(text) }).collect()
}

/// A URL that stands between quotation marks of any language: a path of the catalogue may have them in it.
pub(super) fn quotable(url: &str) -> String {
    url.replace('\'', "%27").replace('"', "%22")
}
