use proptest::prelude::*;

use super::*;

fn keys() -> TokenKeys {
    TokenKeys::derive(&MasterKey::generate().unwrap())
}

fn brand(text: &str) -> Brand {
    Brand::new(text).unwrap()
}

fn content() -> Content {
    Content {
        credential: CredentialId::from_parts(1_790_000_000_000, 42),
        version: 3,
        token_id: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
        issued_at: Timestamp::from_us(1_790_000_000_000_000),
        expires_at: Timestamp::from_us(1_790_003_600_000_000),
        audience: "business-api".into(),
        scopes: "payouts:read payouts:write".into(),
    }
}

#[test]
fn tokens_of_others_and_changed_ones_are_refused() {
    let (keys, other, brands) = (keys(), keys(), [brand("kw"), brand("acme")]);
    let token = keys.mint(&brands[0], &content()).unwrap();
    let text = token.expose();
    assert_eq!(other.open(text, &brands), Err(Refused::Seal));
    assert_eq!(keys.open(text, &[brand("acme")]), Err(Refused::Start));
    assert_eq!(keys.open(text, &[]), Err(Refused::Start));
    for at in 0..text.len() {
        assert!(keys.open(&text[..at], &brands).is_err(), "cut at {at}");
        let mut changed = text.to_owned();
        changed.replace_range(at..=at, if text.as_bytes()[at] == b'a' { "b" } else { "a" });
        assert!(keys.open(&changed, &brands).is_err(), "byte {at}");
        // Whoever changes a token can also compute its check digits: the seal finds it.
        changed.truncate(text.len() - CHECK_DIGITS);
        secret_form::complete(&mut changed);
        assert!(at >= text.len() - CHECK_DIGITS || keys.open(&changed, &brands).is_err(), "byte {at} with its check digits");
    }
    // The same bytes behind another brand of ours.
    let mut moved = format!("acme{}", &text[2..text.len() - CHECK_DIGITS]);
    secret_form::complete(&mut moved);
    assert_eq!(keys.open(&moved, &brands), Err(Refused::Seal));
    for bad in ["", "kw", "kw_at_", "kw_at_00000", "kw_at_ééé", "kw_live_0123456789ABCDEFGHIJKLMNOPQRST19V1x7", &format!("kw_at_{}", "0".repeat(600))] {
        assert!(matches!(keys.open(bad, &brands), Err(Refused::Start | Refused::Form)), "{bad}");
    }
}

/// A key that somebody chose the day of is not kept, so days in use are not pushed out.
#[test]
fn a_forged_day_leaves_the_ready_keys_alone() {
    let (keys, other, brands) = (keys(), keys(), [brand("kw")]);
    keys.mint(&brands[0], &content()).unwrap();
    for day in 0..20 {
        let forged = other.mint(&brands[0], &Content { issued_at: Timestamp::from_us(day * DAY_US), ..content() }).unwrap();
        assert_eq!(keys.open(forged.expose(), &brands), Err(Refused::Seal));
    }
    let ready: Vec<u32> = keys.days.load().iter().map(|key| key.day).collect();
    assert_eq!(ready, [20_717]);
    for day in 0..20 {
        keys.mint(&brands[0], &Content { issued_at: Timestamp::from_us(day * DAY_US), ..content() }).unwrap();
    }
    assert_eq!(keys.days.load().len(), DAYS_KEPT);
}

#[test]
fn a_token_is_opened_by_whoever_holds_the_keys() {
    let (keys, brands) = (keys(), [brand("kw"), brand("acme")]);
    let token = keys.mint(&brands[1], &content()).unwrap();
    assert!(token.expose().starts_with("acme_at_") && token.expose().len() < TEXT_BYTES_MAX);
    assert!(token.expose()[8..].bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_eq!(keys.open(token.expose(), &brands).as_ref(), Ok(&content()));
    let node = TokenKeys::from_root(keys.root());
    assert_eq!(node.open(token.expose(), &brands).as_ref(), Ok(&content()));
    assert_ne!(keys.mint(&brands[1], &content()).unwrap().expose(), token.expose());
}

#[test]
fn a_token_has_512_bytes_at_most() {
    let (keys, brand) = (keys(), brand("acmecorp"));
    let longest = (0..600).filter(|len| keys.mint(&brand, &Content { scopes: "x".repeat(*len), ..content() }).is_ok()).max().unwrap();
    assert!(longest > 250, "{longest}");
    let token = keys.mint(&brand, &Content { scopes: "x".repeat(longest), ..content() }).unwrap();
    assert!((TEXT_BYTES_MAX - 2..=TEXT_BYTES_MAX).contains(&token.expose().len()));
    assert!(keys.open(token.expose(), std::slice::from_ref(&brand)).is_ok());
    for (audience, scopes) in [("a".repeat(256), String::new()), (String::new(), "x".repeat(longest + 20)), (String::new(), "x".repeat(1 << 20))] {
        assert_eq!(keys.mint(&brand, &Content { audience, scopes, ..content() }).err(), Some(MintError::TooLong));
    }
}

proptest! {
    #[test]
    fn any_content_survives(
        bits in any::<u128>(), version in any::<u32>(), token_id in any::<u128>(), times in any::<(i64, i64)>(),
        audience in "\\PC{0,20}", scopes in "\\PC{0,30}",
    ) {
        let (keys, brands) = (keys(), [brand("kw")]);
        let content = Content {
            credential: CredentialId::from_bits(bits), version, token_id, issued_at: Timestamp::from_us(times.0),
            expires_at: Timestamp::from_us(times.1), audience, scopes,
        };
        let token = keys.mint(&brands[0], &content).unwrap();
        prop_assert_eq!(keys.open(token.expose(), &brands), Ok(content));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), digits in "[0-9A-Za-z]{0,200}") {
        let (keys, brands) = (keys(), [brand("kw")]);
        prop_assert!(keys.open(&text, &brands).is_err());
        let mut whole = format!("kw_at_{digits}");
        prop_assert!(keys.open(&whole, &brands).is_err());
        secret_form::complete(&mut whole);
        prop_assert!(keys.open(&whole, &brands).is_err());
        prop_assert!(read(text.as_bytes()).is_none_or(|content| write(&content).as_deref() == Some(text.as_bytes())));
    }
}
