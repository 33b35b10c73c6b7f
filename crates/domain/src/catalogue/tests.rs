//! The built-in catalogue, the example of the documentation, and what is said about files that are wrong.

use proptest::prelude::*;

use super::*;
use crate::limits;

/// Every field that there is.
const FULL: &str = r#"
brand = "acme"
earlier_brands = ["kw", "ac"]
[service.maps]
name = "Acme Maps"
docs_url = "https://acme.example/docs/maps"
kinds = ["api_key", "key_pair"]
permissions = { "tiles:read" = "Read map tiles", "routes:plan" = "Plan routes" }
environments = { sandbox = "Test", production = "Live" }
availability = "on_request"
form = "full"
production_requires = ["details", "verified_organisation"]
credentials_per_environment = 5
rotation = { default = "on_first_use", overlap = "48h" }
schemes = ["http-message-signatures"]
authorities = { production = ["API.acme.example"], sandbox = ["sandbox.acme.example:8443"] }
base_paths = ["/maps/v1"]
body_check = "upstream"
rate_limit = { requests = 100, per = "1s" }
on_stale = "refuse"
attributes = { full_name = "Full name" }
warning = "Keep it secret."
[service.apis]
name = "APIs"
kinds = ["oauth_client"]
secret_visibility = "retrievable"
parallel_secrets = 5
token = { signing = "RS256", life = "5m", form = "opaque" }
"#;

#[test]
fn the_built_in_catalogue_is_good_and_says_which_services_take_any_host() {
    let (catalogue, warnings) = parse(BUILT_IN).unwrap();
    assert_eq!(catalogue, built_in());
    assert_eq!(catalogue.slugs(), ["digital-id", "doc-scan", "age-scan", "payments", "business-api", "rest-apis"]);
    assert_eq!(warnings.len(), 7, "{warnings:?}");
    assert_eq!(
        warnings[0].to_string(),
        "line 5, column 10: service.digital-id lists no authorities for production and sandbox: a request signed for any host passes there; \
         write authorities = { production = [\"api.example.com\"], sandbox = [\"api.example.com\"] }"
    );
    let message = "service.digital-id takes Yoti's form and declares no base_paths: SDKs sign the path that follows their base URL, so declare base_paths, \
                   or give out a base URL without a path";
    assert_eq!(warnings[1].to_string(), format!("line 5, column 10: {message}"));
    let with_path = BUILT_IN.replace("schemes = [\"http-message-signatures\", \"yoti\"]", "schemes = [\"yoti\"]\nbase_paths = [\"/v1\"]");
    assert_eq!(parse(&with_path).unwrap().1.len(), 1, "Payments takes any host");
    let business = catalogue.service("business-api").unwrap();
    let names = ["transactions:read", "payouts:write", "customers:read", "customers:write", "virtual-accounts:write", "webhooks:write"];
    assert_eq!(business.permission_names(), names);
    assert_eq!(business.credentials_per_environment, limits::CREDENTIALS_PER_ENVIRONMENT_DEFAULT);
    assert_eq!(catalogue.service("payments").unwrap().label(Environment::Sandbox), "Demo");
    assert_eq!(catalogue.service("rest-apis").unwrap().parallel_secrets, 5);
}

#[test]
fn every_field_is_understood() {
    let (catalogue, warnings) = parse(FULL).unwrap();
    assert_eq!(warnings, []);
    let brands: Vec<&str> = catalogue.brands.iter().map(Brand::as_str).collect();
    assert_eq!(brands, ["acme", "kw", "ac"]);
    let maps = Service {
        slug: "maps".into(),
        name: "Acme Maps".into(),
        docs_url: Some("https://acme.example/docs/maps".into()),
        kinds: vec![Kind::ApiKey, Kind::KeyPair],
        permissions: vec![("tiles:read".into(), "Read map tiles".into()), ("routes:plan".into(), "Plan routes".into())],
        labels: Labels { sandbox: "Test".into(), production: "Live".into() },
        availability: Availability::OnRequest,
        form: Form::Full,
        production_requires: vec![Requirement::Details, Requirement::VerifiedOrganisation],
        credentials_per_environment: 5,
        rotation: (PolicyName::OnFirstUse, Span::from_h(48)),
        schemes: vec![Scheme::HttpMessageSignatures],
        sandbox_authorities: vec!["sandbox.acme.example:8443".into()],
        production_authorities: vec!["api.acme.example".into()],
        base_paths: vec!["/maps/v1".into()],
        body_check: BodyCheck::Upstream,
        rate_limit: Some("100/1s".parse().unwrap()),
        on_stale: OnStale::Refuse,
        secret_visibility: SecretVisibility::Once,
        parallel_secrets: 1,
        token: Tokens::default(),
        attributes: vec![("full_name".into(), "Full name".into())],
        warning: Some("Keep it secret.".into()),
    };
    assert_eq!(catalogue.services[0], maps);
    assert_eq!((catalogue.services[1].secret_visibility, catalogue.services[1].parallel_secrets), (SecretVisibility::Retrievable, 5));
    let token = Tokens { signing: TokenSigning::Rs256, life: Span::from_s(300), form: TokenForm::Opaque };
    assert_eq!(catalogue.services[1].token, token);
}

#[test]
fn a_token_is_neither_signed_in_no_way_nor_lives_for_ever() {
    let faults = |token: &str| parse(&format!("[service.maps]\nname = \"Maps\"\nkinds = [\"oauth_client\"]\ntoken = {token}")).unwrap_err().to_string();
    assert_eq!(
        faults("{ signing = \"none\", life = \"25h\", form = \"jwe\", x = 1 }").lines().collect::<Vec<_>>(),
        [
            "line 4, column 21: service.maps.token.signing: \"none\" is not a way to sign access tokens: write ES256, RS256 or EdDSA",
            "line 4, column 36: service.maps.token.life is 25h: write a length of time from 1m to 1d",
            "line 4, column 50: service.maps.token.form: \"jwe\" is not a form of access tokens: write jwt or opaque",
            "line 4, column 57: \"x\" is not known: service.maps.token takes signing, life, form",
        ]
    );
}

#[test]
fn what_is_left_out_has_the_documented_value() {
    let (catalogue, _) = parse("[service.maps]\nname = \"Maps\"\nkinds = [\"hmac\"]").unwrap();
    assert_eq!(catalogue.brand().as_str(), "kw");
    let maps = &catalogue.services[0];
    assert_eq!(maps.schemes, [Scheme::HttpMessageSignatures]);
    assert_eq!(maps.production_requires, [Requirement::Details]);
    assert_eq!((maps.rotation, maps.availability), ((PolicyName::Overlap, Span::from_h(24)), Availability::Open));
    assert_eq!((maps.label(Environment::Sandbox), maps.label(Environment::Production)), ("Sandbox", "Production"));
}

/// Faults of a service that is good but for these lines; lines are counted from the first of them.
fn faults_of(lines: &str) -> Vec<String> {
    let before = "[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\n";
    match parse(&format!("{before}{lines}")) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.iter().map(|f| format!("{}:{} {}", f.line - 3, f.column, f.message)).collect(),
    }
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_write() {
    let cases: [(&str, &str); 35] = [
        (
            "colour = 1",
            "1:1 \"colour\" is not known: service.maps takes name, docs_url, kinds, permissions, environments, availability, form, production_requires, credentials_per_environment, rotation, schemes, authorities, base_paths, body_check, rate_limit, on_stale, secret_visibility, parallel_secrets, token, attributes, warning",
        ),
        ("docs_url = 5", "1:12 service.maps.docs_url is a whole number: write a text in quotes"),
        (
            "docs_url = \"acme.example/docs\"",
            "1:12 service.maps.docs_url is \"acme.example/docs\", which is not the address of a page: write one such as https://acme.example/docs",
        ),
        (
            "docs_url = \"javascript:alert(1)\"",
            "1:12 service.maps.docs_url is \"javascript:alert(1)\", which is not the address of a page: write one such as https://acme.example/docs",
        ),
        ("availability = \"closed\"", "1:16 service.maps.availability: \"closed\" is not possible: write open or on_request"),
        ("\nform = true", "2:8 service.maps.form is true or false: write a text in quotes"),
        (
            "production_requires = [\"details\", \"luck\"]",
            "1:35 service.maps.production_requires: \"luck\" is not possible: write details, credential, billing or verified_organisation",
        ),
        ("production_requires = [\"details\", \"details\"]", "1:35 service.maps.production_requires: \"details\" stands there twice: write it once"),
        ("production_requires = \"details\"", "1:23 service.maps.production_requires is a text: write a list of texts, such as [\"one\", \"two\"]"),
        ("production_requires = [1.5]", "1:24 service.maps.production_requires contains a number with a fraction: write texts in quotes"),
        ("credentials_per_environment = 0", "1:31 service.maps.credentials_per_environment is 0: write a whole number from 1 to 100000"),
        ("credentials_per_environment = -7", "1:31 service.maps.credentials_per_environment is -7: write a whole number from 1 to 100000"),
        ("credentials_per_environment = \"5\"", "1:31 service.maps.credentials_per_environment is a text: write a whole number"),
        (
            "rotation = { default = \"never\" }",
            "1:24 service.maps.rotation.default: \"never\" is not a rotation policy: write immediate, overlap or on_first_use",
        ),
        ("rotation = { overlap = \"31d\" }", "1:24 service.maps.rotation.overlap: an overlap of 31d is not possible: from 1s to 30d"),
        ("rotation = { overlap = \"0s\" }", "1:24 service.maps.rotation.overlap: an overlap of 0s is not possible: from 1s to 30d"),
        (
            "rotation = { overlap = \"a day\" }",
            "1:24 service.maps.rotation.overlap: \"a day\" is not a span of time: write a number and a unit (ms, s, m, h or d), such as 24h",
        ),
        ("rotation = \"overlap\"", "1:12 service.maps.rotation is a text: write a table, such as { name = \"text\" }"),
        ("rate_limit = { requests = 5 }", "1:14 service.maps.rate_limit is not complete: write { requests = 100, per = \"1s\" }"),
        (
            "rate_limit = { requests = 5, per = \"2d\" }",
            "1:14 service.maps.rate_limit: 5 requests per 2d is out of range: 1 to 1000000000 requests per 1ms to 1d",
        ),
        ("rate_limit = { requests = 0, per = \"1s\" }", "1:27 service.maps.rate_limit.requests is 0: write a whole number from 1 to 1000000000"),
        (
            "permissions = { \"a b\" = \"Both\" }",
            "1:17 \"a b\" is not possible as the name of a permission: write 1 to 80 letters, digits or signs without space, comma, quote and backslash, in quotes",
        ),
        ("permissions = { \"a:b\" = \"\" }", "1:25 service.maps.permissions.a:b is empty: write a sentence of at most 300 characters"),
        ("permissions = [\"a:b\"]", "1:15 service.maps.permissions is a list: write a table, such as { name = \"text\" }"),
        ("environments = { staging = \"Staging\" }", "1:18 \"staging\" is not known: service.maps.environments takes sandbox, production"),
        ("schemes = [\"yoti\"]", "1:12 service.maps.schemes: yoti is for key_pair, which kinds does not have: leave it out, or add \"key_pair\" to kinds"),
        ("schemes = [\"tylt\"]", "1:12 service.maps.schemes: tylt is for hmac, which kinds does not have: leave it out, or add \"hmac\" to kinds"),
        (
            "authorities = { production = [\"https://api.example.com\"] }",
            "1:31 service.maps.authorities.production: \"https://api.example.com\" is not a host name: write one such as app.example.com, without https:// and path",
        ),
        (
            "authorities = { production = [\"api.example.com\", \"API.example.com\"] }",
            "1:50 service.maps.authorities.production: api.example.com stands there twice: write it once",
        ),
        (
            "base_paths = [\"/v1/\"]",
            "1:15 service.maps.base_paths: \"/v1/\" is not a base path: write one such as /maps/v1, with / at its start and none at its end, at most 200 characters",
        ),
        (
            "secret_visibility = \"retrievable\"",
            "1:21 service.maps.secret_visibility = \"retrievable\" is for oauth_client, which kinds does not have: write \"once\"",
        ),
        ("token = { life = \"1h\" }", "1:9 service.maps.token is for oauth_client and key_pair, and kinds has neither: leave it out"),
        ("parallel_secrets = 2", "1:20 service.maps.parallel_secrets is for oauth_client, which kinds does not have: leave it out"),
        (
            "attributes = { full_name = \"Full name\" }",
            "1:14 service.maps.attributes are encrypted to a key pair: add \"key_pair\" to kinds, or leave them out",
        ),
        ("warning = \"é\\u0007\"", "1:11 service.maps.warning contains U+0007, which does not show: remove it"),
    ];
    for (lines, message) in cases {
        assert_eq!(faults_of(lines), [message], "{lines}");
    }
}

#[test]
fn mistakes_outside_a_service_are_told_too() {
    let cases = [
        ("", "line 1, column 1: no service is declared: write at least one, as [service.maps]"),
        (
            "[service.Maps]\nname = \"M\"\nkinds = [\"api_key\"]",
            "line 1, column 10: \"Maps\" is not possible as the name of a service: write lower-case letters, digits and -, at most 40, beginning with a letter",
        ),
        ("[service.maps]\nkinds = [\"api_key\"]", "line 1, column 10: service.maps has no name: write name = \"What people see\""),
        ("[service.maps]\nname = \"M\"", "line 1, column 10: service.maps takes no kind of credential: write kinds = [\"api_key\"]"),
        (
            "[service.maps]\nname = \"M\"\nkinds = []",
            "line 3, column 9: service.maps.kinds is empty: write at least one of api_key, hmac, oauth_client and key_pair",
        ),
        (
            "[service.maps]\nname = \"M\"\nkinds = [\"password\"]",
            "line 3, column 10: service.maps.kinds: \"password\" is not possible: write api_key, hmac, oauth_client or key_pair",
        ),
        (
            "[service.maps]\nname = \"M\"\nkinds = [\"hmac\"]\nschemes = []",
            "line 4, column 11: service.maps.schemes has none for hmac, which signs its requests: add \"http-message-signatures\"",
        ),
        ("[service]\nmaps = 1", "line 2, column 8: service.maps is a whole number: write a table, such as { name = \"text\" }"),
        (
            "brand = \"Acme\"\n[service.m]\nname = \"M\"\nkinds = [\"api_key\"]",
            "line 1, column 9: brand is not possible: \"Acme\" is not a brand: write 2 to 8 lower-case letters or digits, such as acme",
        ),
        (
            "earlier_brands = [\"kw\"]\n[service.m]\nname = \"M\"\nkinds = [\"api_key\"]",
            "line 1, column 19: earlier_brands: \"kw\" is the present brand: leave it out here",
        ),
        ("[service.m]\nname = \"é\" x", "line 2, column 12: this is not TOML: unexpected key or value, expected newline, `#`"),
        ("[service.m]\nname = \"a\"\nname = \"b\"", "line 3, column 1: this is not TOML: duplicate key"),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
    }
    let long = format!("#{}", "x".repeat(limits::CATALOGUE_BYTES_MAX));
    assert_eq!(parse(&long).unwrap_err().to_string(), "line 1, column 1: the file has 1048577 bytes: a catalogue has at most 1048576");
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_text_and_not_without_end() {
    let faults = parse("brand = \"!\"\ncolour = 1\n[service.a]\nkinds = [\"x\"]\nform = \"y\"\n").unwrap_err();
    let places: Vec<(usize, usize)> = faults.0.iter().map(|f| (f.line, f.column)).collect();
    assert_eq!(places, [(1, 9), (2, 1), (3, 10), (4, 10), (5, 8)]);
    let many: String = (0..5_000).map(|i| format!("k{i} = 1\n")).collect();
    assert_eq!(parse(&many).unwrap_err().0.len(), limits::CATALOGUE_FAULTS_MAX);
}

#[test]
fn a_stale_answer_is_allowed_and_warned_of() {
    let (_, warnings) = parse("[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\non_stale = \"serve\"").unwrap();
    assert_eq!(
        warnings[0].to_string(),
        "line 4, column 12: service.maps.on_stale = \"serve\": while a verifier cannot prove that it is fresh, revocations of this service may not take effect"
    );
}

#[test]
fn what_a_new_catalogue_drops_is_named() {
    let old = parse(FULL).unwrap().0;
    assert_eq!(diff_drops(&old, &old), []);
    let mut new = old.clone();
    new.brands.remove(2);
    new.services.remove(1);
    new.services[0].kinds.remove(1);
    new.services[0].permissions.remove(0);
    let said: Vec<String> = diff_drops(&old, &new).iter().map(Dropped::to_string).collect();
    assert_eq!(said, ["brand ac", "kind key_pair of service maps", "permission tiles:read of service maps", "service apis"]);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    /// Texts that are almost right reach the checks that random texts do not.
    #[test]
    fn no_changed_catalogue_panics(at in 0usize..FULL.len(), cut in 0usize..60, put in "[\\PC\n]{0,12}") {
        let (at, end) = (FULL.floor_char_boundary(at), FULL.floor_char_boundary((at + cut).min(FULL.len())));
        let _ = parse(&format!("{}{put}{}", &FULL[..at], &FULL[end.max(at)..]));
    }
}

#[test]
fn hostile_depth_and_size_are_refused_in_good_time() {
    let deep = "a.".repeat(400_000);
    let rows: String = (0..60_000).map(|i| format!("[service.s{i}]\n")).collect();
    for text in [
        format!("{deep}a = 1"),
        format!("[{deep}a]"),
        format!("x = {}", "[".repeat(900_000)),
        format!("x = {}", "{a=".repeat(300_000)),
        "\"".repeat(900_000),
        rows,
    ] {
        assert!(parse(&text).is_err());
    }
}

#[test]
fn the_page_about_the_catalogue_has_every_field_and_its_example_is_one() {
    let page = include_str!("../../../../docs/catalogue.md");
    let fields = |section: &str| -> Vec<&str> {
        let rows = page.split(section).nth(1).unwrap().lines().skip(1).take_while(|line| !line.starts_with("## "));
        rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
    };
    assert_eq!(fields("## At the head"), parse::HEAD);
    assert_eq!(fields("## Of a service"), service::FIELDS);
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let (catalogue, _) = parse(example).unwrap();
    assert_eq!((catalogue.brand().as_str(), catalogue.services[0].slug.as_str()), ("acme", "maps"));
    // Of a service that says no more than it must, each default is the one that stands there.
    let (plain, _) = parse("[service.x]\nname = \"X\"\nkinds = [\"hmac\"]\npermissions = { \"a:b\" = \"A\" }\n").unwrap();
    let (spelt, _) = parse(
        "brand = \"kw\"\nearlier_brands = []\n[service.x]\nname = \"X\"\nkinds = [\"hmac\"]\npermissions = { \"a:b\" = \"A\" }\n\
         environments = { sandbox = \"Sandbox\", production = \"Production\" }\navailability = \"open\"\nform = \"condensed\"\n\
         production_requires = [\"details\"]\ncredentials_per_environment = 20\nrotation = { default = \"overlap\", overlap = \"24h\" }\n\
         schemes = [\"http-message-signatures\"]\nbody_check = \"strict\"\non_stale = \"refuse\"\nsecret_visibility = \"once\"\nparallel_secrets = 1\n",
    )
    .unwrap();
    assert_eq!(plain, spelt);
    let with = |token: &str| parse(&format!("[service.x]\nname = \"X\"\nkinds = [\"key_pair\"]\n{token}")).unwrap().0;
    assert_eq!(with(""), with("token = { signing = \"ES256\", life = \"1h\", form = \"jwt\" }"));
}
