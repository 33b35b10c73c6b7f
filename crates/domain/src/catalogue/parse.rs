//! placeholder
use super::Catalogue;
/// x
#[derive(Debug)]
pub struct Fault;
/// x
#[derive(Debug)]
pub struct Warning;
/// x
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);
/// x
pub fn parse(_text: &str) -> Result<(Catalogue, Vec<Warning>), Faults> {
    Err(Faults(vec![Fault]))
}
/// x
pub fn built_in() -> Catalogue {
    unimplemented!()
}
