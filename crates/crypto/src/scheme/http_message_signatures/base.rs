//! The signature base (RFC 9421 section 2.5).

use super::component::{Component, Source};
use super::query_param::Query;
use super::{Signature, field};
use crate::scheme::fault::{Fault, shown};

/// What was read of the request for several components.
#[derive(Default)]
struct Read<'r> {
    fields: field::Read,
    query: Option<Query<'r>>,
}

impl<'s> Signature<'s, '_> {
    /// The bytes that are signed: one line for each covered component in the order of the list, then `@signature-params`.
    ///
    /// # Errors
    /// [`Fault::Component`], [`Fault::ComponentAbsent`], [`Fault::Target`], [`Fault::Authority`], [`Fault::Parameter`]
    pub fn base(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::with_capacity(512);
        self.base_into(&mut out)?;
        Ok(out)
    }

    /// [`Signature::base`], in place of what a buffer holds. After a fault the buffer holds the lines before it.
    ///
    /// # Errors
    /// As [`Signature::base`]
    pub fn base_into(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.clear();
        self.check_parameters()?;
        let mut read = Read::default();
        for component in self.parts() {
            out.extend_from_slice(component.identifier.of(&self.all.input).as_bytes());
            out.extend_from_slice(b": ");
            self.value(component, &mut read, out)?;
            out.push(b'\n');
        }
        out.extend_from_slice(b"\"@signature-params\": ");
        out.extend_from_slice(self.parameters().as_bytes());
        Ok(())
    }

    /// The first parameter that cannot be read.
    pub(super) fn check_parameters(&self) -> Result<(), Fault> {
        match self.member.parameter_fault {
            Some((name, why)) => Err(Fault::Parameter { name: name.to_owned(), why }),
            None => Ok(()),
        }
    }

    fn value(&self, component: &Component, read: &mut Read<'s>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let request = &self.all.request;
        let input = &*self.all.input;
        if let Some(why) = component.fault {
            return Err(component.refused(input, why));
        }
        match component.source {
            Source::Method => {
                if request.method.is_empty() || !request.method.bytes().all(|b| b.is_ascii_graphic()) {
                    return Err(component.refused(input, "the request's method is not one"));
                }
                out.extend_from_slice(request.method.as_bytes());
            }
            Source::Authority => out.extend_from_slice(request.authority()?.as_bytes()),
            Source::Scheme => out.extend_from_slice(request.scheme.as_str().as_bytes()),
            Source::TargetUri => {
                let target = request.target()?;
                for part in [request.scheme.as_str(), "://", &request.authority()?, target.path] {
                    out.extend_from_slice(part.as_bytes());
                }
                if let Some(query) = target.query {
                    out.push(b'?');
                    out.extend_from_slice(query.as_bytes());
                }
            }
            Source::RequestTarget => {
                request.target()?;
                out.extend_from_slice(request.target.as_bytes());
            }
            Source::Path => out.extend_from_slice(request.target()?.path.as_bytes()),
            Source::Query => {
                out.push(b'?');
                out.extend_from_slice(request.target()?.query.unwrap_or("").as_bytes());
            }
            Source::QueryParam => {
                let name = component.query_name.map_or("", |name| name.of(input));
                let query = match &mut read.query {
                    Some(query) => query,
                    none => none.insert(Query::read(request.target()?.query.unwrap_or("")).map_err(|why| component.refused(input, why))?),
                };
                match query.value(name).map_err(|why| component.refused(input, why))? {
                    Some(value) => out.extend_from_slice(value.as_bytes()),
                    None => return Err(self.absent(component)),
                }
            }
            Source::Field => {
                let name = component.name.of(input);
                let key = component.key.map(|key| key.of(input));
                let way = if component.bs {
                    field::Way::Bytes
                } else {
                    key.map_or(if component.sf { field::Way::Structured } else { field::Way::Plain }, field::Way::Key)
                };
                if !field::value(request, name, way, &mut read.fields, out).map_err(|why| component.refused(input, why))? {
                    return Err(self.absent(component));
                }
            }
        }
        Ok(())
    }

    fn absent(&self, component: &Component) -> Fault {
        Fault::ComponentAbsent { component: shown(component.identifier.of(&self.all.input)) }
    }
}
