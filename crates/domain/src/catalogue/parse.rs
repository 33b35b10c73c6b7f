//! From the text of `catalog.toml` to a checked catalogue.

use toml::de::DeTable;

use super::faults::{Faults, Findings, Warning};
use super::read::{Table, short};
use super::{Catalogue, service};
use crate::credential::secret_form::Brand;
use crate::limits;

/// All that stands at the head.
pub(super) const HEAD: [&str; 3] = ["brand", "earlier_brands", "service"];

/// Reads and checks a catalogue.
///
/// # Errors
/// [`Faults`] has every mistake with its place: mistakes of TOML itself, or, once the file is TOML, all others at once.
pub fn parse(text: &str) -> Result<(Catalogue, Vec<Warning>), Faults> {
    let mut found = Findings::new();
    if text.len() > limits::CATALOGUE_BYTES_MAX {
        let message = format!("the file has {} bytes: a catalogue has at most {}", text.len(), limits::CATALOGUE_BYTES_MAX);
        found.fault(&(0..0), message);
        return Err(found.into_faults(text));
    }
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            found.fault(&error.span().unwrap_or(0..0), format!("this is not TOML: {}", error.message()));
            return Err(found.into_faults(text));
        }
    };
    let catalogue = catalogue(&Table::root(&root), &mut found);
    if found.count() == 0 { Ok((catalogue, found.into_warnings(text))) } else { Err(found.into_faults(text)) }
}

fn catalogue(root: &Table<'_>, found: &mut Findings) -> Catalogue {
    root.refuse_unknown(&HEAD, found);
    let brands = brands(root, found);
    let services = root.entry("service").and_then(|e| e.table(found)).map(|t| t.entries()).unwrap_or_default();
    if services.is_empty() {
        found.fault(&(0..0), "no service is declared: write at least one, as [service.maps]");
    }
    if services.len() > limits::SERVICES_MAX {
        found.fault(&(0..0), format!("{} services are declared: at most {} are taken", services.len(), limits::SERVICES_MAX));
        return Catalogue { brands, services: Vec::new() };
    }
    let services = services.iter().filter_map(|entry| service::read(entry, found)).collect();
    Catalogue { brands, services }
}

/// The present brand first, then earlier ones.
fn brands(root: &Table<'_>, found: &mut Findings) -> Vec<Brand> {
    let present = root.entry("brand").and_then(|e| e.checked(found, |text| Brand::new(text).map_err(|why| format!("is not possible: {why}"))));
    let mut brands = vec![present.unwrap_or_default()];
    let Some(earlier) = root.entry("earlier_brands") else { return brands };
    for (text, at) in earlier.texts(limits::EARLIER_BRANDS_MAX, found) {
        match Brand::new(text) {
            Ok(brand) if brands.contains(&brand) => found.fault(&at, format!("earlier_brands: {} is the present brand: leave it out here", short(text))),
            Ok(brand) => brands.push(brand),
            Err(why) => found.fault(&at, format!("earlier_brands: {why}")),
        }
    }
    brands
}
