//! Registering, reviewing, and what an organisation has.

use keywright_domain::organisation::{Decision, Review};
use keywright_operations::Rule;
use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::{Changes, NewCredential, Set};
use keywright_operations::organisations::{ProfileChanges, Search};
use keywright_store::on_both_engines;

use crate::world::{World, bad, grants, is_forbidden, is_not_found, key, machine, rule, words};

fn to(text: &str) -> Set<String> {
    Set::To(text.into())
}

const CATALOGUE: &str = r#"
[service.maps]
name = "Maps"
kinds = ["api_key"]
permissions = { "tiles:read" = "Read", "tiles:write" = "Write" }
availability = "on_request"
production_requires = []
[service.business-api]
name = "Business API"
kinds = ["api_key"]
permissions = { "payouts:write" = "Pay" }
production_requires = []
"#;

on_both_engines! {
    async fn a_person_registers_hands_in_and_is_verified(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, operator) = (world.person("ann").await, world.operator("op").await);
        let acme = world.organisation(&ann).await;
        let incomplete = rule(world.now.organisation_hand_in(&ann, acme).await);
        assert_eq!(incomplete, Rule::ReviewIncomplete(vec!["legal_name", "address", "country", "website", "purpose"]));
        assert!(incomplete.to_string().ends_with("filled in: legal name, address, country, website, what you want to do with the services"), "{incomplete}");
        let wrong = ProfileChanges { country: to("Germany"), billing_mail: to("ann"), website: to("http://x"), tax_id: to("<b>"), ..ProfileChanges::default() };
        let message = bad(world.now.organisation_profile_change(&ann, acme, wrong).await);
        for field in ["country", "billing_mail", "website", "tax_id"] {
            assert!(message.contains(field), "{message}");
        }
        let right = ProfileChanges {
            legal_name: to("Acme Ltd"),
            address: to("1 Road\r\nTown"),
            country: to("gb"),
            website: to("https://example.com"),
            purpose: to("Payouts"),
            ..ProfileChanges::default()
        };
        let profile = world.now.organisation_profile_change(&ann, acme, right).await.unwrap();
        assert_eq!((profile.country.as_deref(), profile.address.as_deref()), (Some("GB"), Some("1 Road\nTown")));
        assert_eq!(world.now.organisation_hand_in(&ann, acme).await.unwrap().review, Review::InReview);
        assert!(matches!(rule(world.now.organisation_hand_in(&ann, acme).await), Rule::ReviewState { .. }));
        is_forbidden(world.now.organisation_review(&ann, acme, Decision::Verify).await);
        let back = Decision::HandBack { remark: "Which company?".into() };
        assert_eq!(world.now.organisation_review(&operator, acme, back).await.unwrap().review, Review::Draft);
        assert_eq!(world.now.organisation_show(&ann, acme).await.unwrap().profile.remark.as_deref(), Some("Which company?"));
        world.now.organisation_hand_in(&ann, acme).await.unwrap();
        assert_eq!(world.now.organisation_review(&operator, acme, Decision::Verify).await.unwrap().review, Review::Verified);
        let shown = world.now.organisation_show(&ann, acme).await.unwrap();
        assert_eq!((shown.profile.remark, shown.organisation.review), (None, Review::Verified));
        let renamed = world.now.organisation_rename(&ann, acme, "Acme 2").await.unwrap();
        assert_eq!((renamed.name, world.now.own_application(&ann, acme).await.unwrap().application.name), ("Acme 2".into(), "Acme 2".into()));
    }

    async fn operators_find_organisations(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, bob, operator) = (world.person("ann").await, world.person("bob").await, world.operator("op").await);
        let (one, two) = (world.organisation(&ann).await, world.now.organisation_register(&bob, "100%_Bob").await.unwrap().id);
        world.now.organisation_suspend(&operator, two, true).await.unwrap();
        for (text, review, suspended, found) in [
            ("", None, None, vec![two, one]),
            ("aCM", None, None, vec![one]),
            ("0%_b", None, None, vec![two]),
            ("%", None, None, vec![two]),
            ("ANN@example.com", None, None, vec![one]),
            (&two.to_string(), None, None, vec![two]),
            ("", Some(Review::Verified), None, vec![]),
            ("", Some(Review::Draft), Some(true), vec![two]),
            ("", None, Some(false), vec![one]),
        ] {
            let search = Search { text: text.into(), review, suspended, before: None, limit: 50 };
            let listed = world.now.organisation_search(&operator, search).await.unwrap();
            assert_eq!(listed.iter().map(|o| o.id).collect::<Vec<_>>(), found, "{text:?} {review:?} {suspended:?}");
        }
        is_forbidden(world.now.organisation_search(&ann, Search::default()).await);
    }

    async fn a_service_on_request_is_asked_for(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, operator) = (world.person("ann").await, world.operator("op").await);
        world.now.catalogue_apply(&machine(), CATALOGUE).await.unwrap();
        let acme = world.organisation(&ann).await;
        assert_eq!(world.now.own_application(&ann, acme).await.unwrap().application.services, ["business-api"]);
        let new = || NewApplication { name: "Map".into(), services: words(&["maps"]), ..NewApplication::default() };
        assert!(bad(world.now.application_create(&ann, acme, new()).await).contains("ask the provider"));
        world.now.organisation_service_allow(&operator, acme, "maps", Some(words(&["tiles:read"]))).await.unwrap();
        assert!(bad(world.now.organisation_service_allow(&operator, acme, "maps", Some(words(&["tiles:eat"]))).await).contains("tiles:eat"));
        assert!(bad(world.now.organisation_service_allow(&operator, acme, "business-api", None).await).contains("open"));
        is_forbidden(world.now.organisation_service_allow(&ann, acme, "maps", None).await);
        let map = world.now.application_create(&ann, acme, new()).await.unwrap().id;
        let maps = |permissions: Option<&[&str]>| NewCredential { service: "maps".into(), permissions: permissions.map(words), ..key("Map") };
        let made = world.now.credential_create(&ann, map, maps(None)).await.unwrap();
        assert_eq!(world.now.credential_show(&ann, made.id).await.unwrap().credential.permissions.names(), ["tiles:read"], "all that the organisation has");
        let refused = bad(world.now.credential_create(&ann, map, maps(Some(&["tiles:write"]))).await);
        assert!(refused.contains("tiles:write") && refused.contains("tiles:read"), "{refused}");
        let more = Changes { permissions: Some(words(&["tiles:read", "tiles:write"])), ..Changes::default() };
        assert!(bad(world.now.credential_change(&ann, made.id, more).await).contains("tiles:write"));

        world.now.organisation_service_disallow(&operator, acme, "maps").await.unwrap();
        assert!(bad(world.now.credential_create(&ann, map, maps(None)).await).contains("ask the provider"));
        let same = Changes { permissions: Some(words(&["tiles:read"])), name: Some("Old".into()), ..Changes::default() };
        assert!(world.now.credential_change(&ann, made.id, same).await.is_ok(), "what it holds it may keep");
    }

    async fn a_member_without_the_grant_changes_nothing(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, stranger) = (world.person("ann").await, world.person("stranger").await);
        let acme = world.organisation(&ann).await;
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&["create_applications", "manage_members"], &[])).await;
        is_forbidden(world.now.organisation_rename(&bob, acme, "X").await);
        is_forbidden(world.now.organisation_profile_change(&bob, acme, ProfileChanges::default()).await);
        is_forbidden(world.now.organisation_hand_in(&bob, acme).await);
        is_not_found(world.now.organisation_rename(&stranger, acme, "X").await);
        is_not_found(world.now.organisation_show(&stranger, acme).await);
    }
}
