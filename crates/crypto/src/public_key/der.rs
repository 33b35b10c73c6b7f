//! As much of DER (X.690) as keys and requests need: definite lengths in their shortest form, single-byte tags.

/// Tags that keys and requests use.
pub(crate) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const SEQUENCE: u8 = 0x30;
    /// `[0]`, constructed: the attributes of a request.
    pub(crate) const CONTEXT_0: u8 = 0xa0;
}

/// Object identifiers, without tag and length.
pub(crate) mod oid {
    /// 1.2.840.113549.1.1.1, rsaEncryption (RFC 3279 section 2.3.1).
    pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    /// 1.2.840.10045.2.1, id-ecPublicKey (RFC 5480 section 2.1.1).
    pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    /// 1.2.840.10045.3.1.7, secp256r1.
    pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    /// 1.3.132.0.34, secp384r1.
    pub(crate) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
    /// 1.3.101.112, id-Ed25519 (RFC 8410 section 3).
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
}

/// It is not the DER that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotDer;

/// Reads elements one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The tag of the next element; none at the end.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The contents of the next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<&'a [u8], NotDer> {
        self.element(tag).map(|(_, contents)| contents)
    }

    /// The next element with its tag and length, and its contents.
    pub(crate) fn element(&mut self, tag: u8) -> Result<(&'a [u8], &'a [u8]), NotDer> {
        let [found, first, rest @ ..] = self.0 else { return Err(NotDer) };
        if *found != tag {
            return Err(NotDer);
        }
        let (header, len) = match (*first, rest) {
            (len, _) if len < 0x80 => (2, usize::from(len)),
            (0x81, [len, ..]) if *len >= 0x80 => (3, usize::from(*len)),
            (0x82, [high, low, ..]) if *high > 0 => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            // What is longer than 64 KiB is no key; other forms are not the shortest.
            _ => return Err(NotDer),
        };
        let (whole, rest) = self.0.split_at_checked(header + len).ok_or(NotDer)?;
        self.0 = rest;
        Ok((whole, &whole[header..]))
    }

    /// A reader of the contents of the next element, a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Result<Self, NotDer> {
        self.take(tag::SEQUENCE).map(Self)
    }

    /// An INTEGER that is not negative, big-endian without leading zeros (empty for zero).
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], NotDer> {
        match self.take(tag::INTEGER)? {
            [0] => Ok(&[]),
            [0, rest @ ..] if rest[0] >= 0x80 => Ok(rest),
            number @ [first, ..] if (1..0x80).contains(first) => Ok(number),
            _ => Err(NotDer),
        }
    }

    /// A BIT STRING of whole bytes.
    pub(crate) fn bits(&mut self) -> Result<&'a [u8], NotDer> {
        match self.take(tag::BIT_STRING)? {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(NotDer),
        }
    }

    /// Whether nothing is left.
    pub(crate) fn end(&self) -> Result<(), NotDer> {
        if self.0.is_empty() { Ok(()) } else { Err(NotDer) }
    }
}

/// An element: tag, length, and the parts as contents. They have less than 64 KiB together.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = len.to_be_bytes();
    let mut out = Vec::with_capacity(4 + len);
    out.push(tag);
    match len {
        ..0x80 => out.push(low),
        0x80..0x100 => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// An INTEGER from big-endian bytes without leading zeros.
pub(crate) fn unsigned(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    element(tag::INTEGER, &[sign, number])
}
