//! Logos: decoded within limits, encoded anew, and served by the digest of what was made here.

use std::io::Cursor;
use std::time::Duration;

use keywright_crypto::digest::sha256;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::limits;
use keywright_store::applications::Application;
pub use keywright_store::images::Image;
use keywright_store::{AuditEntry, Done, StoreError};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::access::allowed_gate;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Reads the picture and passes over what else can be packed small and unpacked large: texts, a colour profile.
fn decoder(bytes: &[u8]) -> png::Decoder<Cursor<&[u8]>> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: limits::LOGO_MEMORY_BYTES_MAX });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder
}

/// The image that these bytes hold, encoded anew: what else was in them (comments, a second file behind the picture) is left behind.
fn encoded_anew(bytes: &[u8]) -> Result<Image, String> {
    if !bytes.starts_with(SIGNATURE) {
        return Err("is no PNG: save the picture as PNG".into());
    }
    let broken = |why: png::DecodingError| match why {
        png::DecodingError::LimitsExceeded => "takes too much memory: make it smaller".to_owned(),
        why => format!("cannot be read as PNG ({why}): save it again"),
    };
    let mut decoder = decoder(bytes);
    let head = decoder.read_header_info().map_err(broken)?;
    let (width, height) = (head.width, head.height);
    if width > limits::LOGO_PIXELS_MAX || height > limits::LOGO_PIXELS_MAX {
        return Err(format!("is {width} × {height} pixels: at most {0} × {0} are taken", limits::LOGO_PIXELS_MAX));
    }
    let mut reader = decoder.read_info().map_err(broken)?;
    if reader.info().is_animated() {
        return Err("moves: save a single picture".into());
    }
    let size = reader.output_buffer_size().filter(|size| *size <= limits::LOGO_MEMORY_BYTES_MAX).ok_or("takes too much memory: make it smaller")?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    let mut out = Vec::new();
    let mut encode = || -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(frame.color_type);
        encoder.set_depth(frame.bit_depth);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels[..frame.buffer_size()])?;
        writer.finish()
    };
    encode().map_err(|why| format!("cannot be kept ({why}): save it again"))?;
    if out.len() > limits::LOGO_KEPT_BYTES_MAX {
        return Err("holds too much detail: make it smaller".into());
    }
    Ok(Image { digest: sha256(&out).iter().map(|b| format!("{b:02x}")).collect(), bytes: out, width, height })
}

/// Decoding takes a processor and some memory, so few do it at a time.
static DECODERS: Semaphore = Semaphore::const_new(limits::LOGO_DECODERS);

/// A picture that can be a logo.
#[derive(Debug, Clone)]
pub struct Logo(Image);

/// The same away from the threads that answer, as the field of a form.
async fn decoded(bytes: Vec<u8>) -> Result<Logo, Error> {
    let mut form = Form::default();
    let image = if bytes.len() > limits::LOGO_BYTES_MAX {
        form.bad("logo", format!("has {} bytes: at most {} are taken", bytes.len(), limits::LOGO_BYTES_MAX));
        None
    } else {
        let turn = tokio::time::timeout(Duration::from_millis(limits::LOGO_WAIT_MS), DECODERS.acquire()).await.ok().and_then(Result::ok);
        let turn = turn.ok_or_else(|| StoreError::Busy { waited_ms: limits::LOGO_WAIT_MS, detail: "other pictures were being read".into() })?;
        let read = move || {
            // Kept while there is work, also where whoever sent the picture has gone away.
            let _turn = turn;
            encoded_anew(&bytes)
        };
        let decoded = tokio::task::spawn_blocking(read).await;
        form.take("logo", decoded.unwrap_or_else(|_| Err("cannot be read as PNG: save it again".into())))
    };
    form.done()?;
    Ok(Logo(image.expect(CHECKED)))
}

impl Operations {
    /// The logo that a picture makes, for an application that is still to be made in this organisation: a PNG of at most 200,000 bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] which says what is wrong with the picture, [`Error::Store`] also while others have
    /// theirs read
    pub async fn logo_for_new(&self, caller: &Caller, organisation: OrganisationId, bytes: Vec<u8>) -> Result<Logo, Error> {
        // Before anything is decoded for somebody who may not.
        self.over_organisation(caller, Right::CreateApplications, organisation).await?;
        decoded(bytes).await
    }

    /// The same for an application that is there.
    ///
    /// # Errors
    /// As [`Self::logo_for_new`]
    pub async fn logo_for(&self, caller: &Caller, id: ApplicationId, bytes: Vec<u8>) -> Result<Logo, Error> {
        self.over_application(caller, Right::Edit, id).await?;
        decoded(bytes).await
    }

    /// Gives an application a logo.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn logo_set(&self, caller: &Caller, id: ApplicationId, logo: Logo) -> Result<Application, Error> {
        self.logo_change(caller, id, Some(logo.0)).await
    }

    /// Takes an application's logo away. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn logo_remove(&self, caller: &Caller, id: ApplicationId) -> Result<Application, Error> {
        self.logo_change(caller, id, None).await
    }

    async fn logo_change(&self, caller: &Caller, id: ApplicationId, image: Option<Image>) -> Result<Application, Error> {
        let allowed = self.over_application(caller, Right::Edit, id).await?;
        let owner = allowed.organisation().ok_or_else(|| Error::not_found("application", id))?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let mut application = tx.application_for_update(owner, id).await?.ok_or_else(|| Error::not_found("application", id))?;
                let digest = image.as_ref().map(|i| i.digest.clone());
                if application.logo == digest {
                    return Ok(Done::new(application));
                }
                if let Some(image) = &image {
                    tx.image_insert(image, now).await?;
                }
                let before = std::mem::replace(&mut application.logo, digest);
                tx.application_save(&application).await?;
                if let Some(before) = before {
                    tx.image_forget(owner, &before).await?;
                }
                let audit = AuditEntry::new("application.changed", id).of_application(id).with(json!({ "changed": ["logo"] }));
                Ok::<_, Error>(Done::new(application).audit(audit))
            })
            .await?;
        Ok(done.value)
    }

    /// An image by its digest, for everybody.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn image(&self, digest: &str) -> Result<Option<Image>, Error> {
        // What is not the form of a digest is nobody's image.
        if digest.len() != 64 || !digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(None);
        }
        Ok(self.gate(&allowed_gate()?)?.image(digest).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, comment: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder.add_text_chunk("Comment".into(), comment.into()).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&vec![0xAA; (width.div_ceil(8) * height) as usize]).unwrap();
        writer.finish().unwrap();
        out
    }

    #[test]
    fn only_the_picture_survives() {
        let mut given = picture(16, 9, "planted");
        given.extend_from_slice(b"<script>planted</script>");
        let image = encoded_anew(&given).unwrap();
        assert_eq!((image.width, image.height, image.digest.len()), (16, 9, 64));
        assert!(image.bytes.starts_with(SIGNATURE) && !image.bytes.windows(7).any(|w| w == b"planted"));
        assert_eq!(encoded_anew(&image.bytes).unwrap().digest, image.digest, "encoding it again changes nothing");
    }

    #[test]
    fn a_colour_profile_is_not_unpacked() {
        let mut given = Vec::new();
        let mut info = png::Info::with_size(8, 1);
        info.color_type = png::ColorType::Grayscale;
        info.bit_depth = png::BitDepth::One;
        // Small where it is packed.
        info.icc_profile = Some(vec![0; 1_000_000].into());
        let mut writer = png::Encoder::with_info(&mut given, info).unwrap().write_header().unwrap();
        writer.write_image_data(&[0xAA]).unwrap();
        writer.finish().unwrap();
        assert!(given.len() < limits::LOGO_BYTES_MAX && given.windows(4).any(|w| w == b"iCCP"));
        let decoder = decoder(&given);
        assert_eq!(decoder.read_info().unwrap().info().icc_profile, None);
        assert_eq!(encoded_anew(&given).unwrap().width, 8);
    }

    #[tokio::test]
    async fn few_are_decoded_at_a_time_and_the_others_wait_their_turn() {
        let all = DECODERS.acquire_many(u32::try_from(limits::LOGO_DECODERS).unwrap()).await.unwrap();
        let mut waiting = tokio::spawn(decoded(picture(16, 9, "")));
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut waiting).await.is_err());
        drop(all);
        assert_eq!(waiting.await.unwrap().unwrap().0.width, 16);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let good = picture(16, 9, "");
        let bomb = picture(1_025, 2, "");
        for (bytes, why) in [(&b"\xFF\xD8\xFF"[..], "no PNG"), (&good[..40], "cannot be read"), (&bomb[..], "1025 × 2 pixels"), (&[][..], "no PNG")] {
            let error = encoded_anew(bytes).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
