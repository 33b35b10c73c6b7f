//! What samples say, and where they lead.

use keywright_domain::credential::Kind;

use super::*;
use crate::kinds::words;

const HUB: &str = "https://hub.acme.example";

const FILL: Fill<'static> =
    Fill { public_half: "acme_ak_live_x", key: "acme_live_x", token_url: "https://hub.acme.example/oauth2/token", pem_file: "shop.pem", rsa: true };

fn catalogue() -> keywright_domain::catalogue::Catalogue {
    let text = "brand = \"acme\"\n[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\npermissions = { \"tiles:read\" = \"Read\" }\nbase_paths = [\"/maps/v1\"]\n\
                authorities = { production = [\"api.acme.example\"], sandbox = [\"127.0.0.1:8080\"] }\n\
                [service.pay]\nname = \"Pay\"\nkinds = [\"hmac\"]\nschemes = [\"http-message-signatures\", \"tylt\"]\nbase_paths = [\"/it's\"]\n\
                authorities = { production = [\"pay.acme.example\"] }\n";
    keywright_domain::catalogue::parse(text).unwrap().0
}

#[test]
fn the_line_goes_where_the_catalogue_says_and_says_when_it_cannot_know() {
    let catalogue = catalogue();
    let curl = |environment| Target::of(catalogue.service("maps"), environment).samples(&words(Kind::ApiKey), HUB, FILL)[0].samples[0].code.clone();
    assert_eq!(curl(Environment::Production), "curl -i https://api.acme.example/maps/v1 \\\n  -H \"Authorization: Bearer acme_live_x\"");
    assert!(curl(Environment::Sandbox).contains("http://127.0.0.1:8080/maps/v1"));
    let unknown = Target::of(None, Environment::Production);
    assert!(!unknown.declared && unknown.samples(&words(Kind::ApiKey), HUB, FILL)[0].samples[0].code.contains("https://api.example.com/"));
}

#[test]
fn signed_requests_have_samples_for_each_scheme_of_the_service_and_the_replayable_one_says_so() {
    let catalogue = catalogue();
    let sets = Target::of(catalogue.service("pay"), Environment::Production).samples(&words(Kind::Hmac), HUB, FILL);
    assert_eq!(sets.iter().map(|set| (set.name, set.replayable)).collect::<Vec<_>>(), [("http-message-signatures", false), ("tylt", true)]);
    assert!(sets[1].note.unwrap().contains("replayed by design"));
    for sample in sets.iter().flat_map(|set| &set.samples) {
        assert!(sample.code.contains("https://pay.acme.example/it%27s") && sample.code.contains("acme_ak_live_x"), "{}", sample.code);
        assert!(sample.code.contains("KEYWRIGHT_SECRET") && !sample.code.contains("acme_live_x"), "{}", sample.code);
    }
}

#[test]
fn a_base_url_for_yotis_sdks_does_not_end_with_a_slash() {
    let built_in = keywright_domain::catalogue::built_in();
    let target = Target::of(built_in.service("digital-id"), Environment::Production);
    assert!(!target.declared);
    let sets = target.samples(&words(Kind::KeyPair), HUB, FILL);
    let yoti = sets.iter().find(|set| set.name == "yoti").unwrap();
    for sample in &yoti.samples {
        assert!(sample.code.contains("https://api.example.com\"") || sample.code.contains("https://api.example.com'"), "{}", sample.code);
    }
}

#[test]
fn no_sample_keeps_a_place_that_was_to_be_filled_in() {
    let built_in = keywright_domain::catalogue::built_in();
    for service in &built_in.services {
        for set in service.kinds.iter().flat_map(|kind| Target::of(Some(service), Environment::Sandbox).samples(&words(*kind), HUB, FILL)) {
            assert!(!set.samples.is_empty());
            for sample in set.samples {
                assert!(!sample.code.contains("{{"), "{}: {}", service.slug, sample.code);
            }
        }
    }
}
