//! Applications: who sees which, their details, their checklist, their logos.

use keywright_domain::application::State;
use keywright_domain::caller::Caller;
use keywright_domain::grants::ApplicationGrants;
use keywright_domain::ids::ApplicationId;
use keywright_operations::applications::{ApplicationChanges, NewApplication};
use keywright_operations::credentials::Set;
use keywright_operations::organisations::ProfileChanges;
use keywright_operations::{Error, Rule};
use keywright_store::applications::Application;
use keywright_store::on_both_engines;

use crate::world::{World, bad, grants, is_forbidden, is_not_found, key, machine, rule, words};

fn to(text: &str) -> Set<String> {
    Set::To(text.into())
}

/// One pixel.
fn dot(grey: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 1, 1);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[grey]).unwrap();
    writer.finish().unwrap();
    out
}

/// Gives an application a logo.
async fn give(world: &World, caller: &Caller, id: ApplicationId, bytes: Vec<u8>) -> Result<Application, Error> {
    let logo = world.now.logo_for(caller, id, bytes).await?;
    world.now.logo_set(caller, id, logo).await
}

on_both_engines! {
    async fn whoever_makes_one_is_its_admin_and_others_do_not_see_it(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let annes = world.application(&ann, acme, "Ann's").await;
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&["create_applications"], &[])).await;
        let bobs = world.application(&bob, acme, "Bob's").await;
        let second = world.application(&bob, acme, "Second").await;
        assert_eq!(world.now.application_show(&bob, bobs).await.unwrap().held, ApplicationGrants::parse(&["admin"]).unwrap());
        is_not_found(world.now.application_show(&bob, annes).await);
        is_not_found(world.now.application_change(&bob, annes, ApplicationChanges::default()).await);
        let seen = |listed: Vec<keywright_operations::applications::ApplicationRow>| listed.into_iter().map(|r| r.application.id).collect::<Vec<_>>();
        assert_eq!(seen(world.now.application_rows(&bob, acme, None, 10).await.unwrap()), [second, bobs]);
        assert_eq!(seen(world.now.application_rows(&bob, acme, Some(second), 10).await.unwrap()), [bobs]);
        assert_eq!(world.now.application_list(&ann, acme, None, 10).await.unwrap().len(), 4, "with the own one");
        assert_eq!(world.now.application_list(&bob, acme, None, 10).await.unwrap()[0].services, ["business-api"]);
        let (eva, _) = world.joined(&ann, acme, "eva", grants(&[], &[(bobs, &["view"])])).await;
        is_forbidden(world.now.application_create(&eva, acme, NewApplication::default()).await);
        is_forbidden(world.now.application_change(&eva, bobs, ApplicationChanges::default()).await);
        is_forbidden(world.now.application_delete(&eva, bobs, "Bob's").await);
        world.now.credential_create(&bob, bobs, key("Back end")).await.unwrap();
        let rows = world.now.application_rows(&eva, acme, None, 10).await.unwrap();
        assert_eq!((rows.len(), rows[0].used.live_keys, rows[0].used.at_least, rows[0].used.last_call), (1, 1, false, None));
    }

    async fn activation_asks_for_what_the_catalogue_does(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let new = NewApplication { name: "Id".into(), services: words(&["digital-id", "business-api"]), ..NewApplication::default() };
        let id = world.now.application_create(&ann, acme, new).await.unwrap().id;
        let Rule::ChecklistUnmet(missing) = rule(world.now.application_activate(&ann, id).await) else { panic!("another rule") };
        assert_eq!(missing.len(), 2, "{missing:?}");
        let wrong = ApplicationChanges { domain: to("10.0.0.1"), privacy_url: to("ftp://x"), description: to("a\u{202E}b"), ..ApplicationChanges::default() };
        let message = bad(world.now.application_change(&ann, id, wrong).await);
        assert!(["domain", "privacy_url", "description"].iter().all(|f| message.contains(f)), "{message}");
        let right = ApplicationChanges { domain: to("app.example.com"), privacy_url: to("https://example.com/p"), internal_name: to("id-1"), ..ApplicationChanges::default() };
        world.now.application_change(&ann, id, right).await.unwrap();
        assert!(world.now.application_checklist(&ann, id).await.unwrap().iter().all(|item| item.done));
        let activated = world.now.application_activate(&ann, id).await.unwrap();
        assert_eq!((activated.application.state, activated.missing.len()), (State::Active, 0));
        world.now.application_deactivate(&ann, id).await.unwrap();
        world.now.application_change(&ann, id, ApplicationChanges { domain: Set::Clear, ..ApplicationChanges::default() }).await.unwrap();
        assert!(matches!(rule(world.now.application_activate(&ann, id).await), Rule::ChecklistUnmet(_)), "also to come back");
        assert_eq!(world.now.application_activate(&machine(), id).await.unwrap().missing.len(), 1, "who works at the machine passes over it");
    }

    async fn billing_and_review_are_asked_where_the_catalogue_wants_them(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let catalogue = "[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\nproduction_requires = [\"credential\", \"billing\", \"verified_organisation\"]\n";
        world.now.catalogue_apply(&machine(), catalogue).await.unwrap();
        let acme = world.organisation(&ann).await;
        let new = NewApplication { name: "Map".into(), services: words(&["maps"]), ..NewApplication::default() };
        let map = world.now.application_create(&ann, acme, new).await.unwrap().id;
        world.now.credential_create(&ann, map, keywright_operations::credentials::NewCredential { service: "maps".into(), ..key("Map") }).await.unwrap();
        let billing = ProfileChanges { legal_name: to("Acme"), address: to("1 Road"), country: to("GB"), billing_mail: to("b@example.com"), ..ProfileChanges::default() };
        world.now.organisation_profile_change(&ann, acme, billing).await.unwrap();
        let items: Vec<(&str, bool)> = world.now.application_checklist(&ann, map).await.unwrap().iter().map(|i| (i.field, i.done)).collect();
        assert_eq!(items, [("credential", true), ("billing", true), ("review", false)]);
    }

    async fn the_own_application_stays_as_it_is(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let own = world.now.own_application(&ann, acme).await.unwrap().application;
        assert_eq!((own.own, own.state), (true, State::Active));
        assert!(matches!(rule(world.now.application_delete(&ann, own.id, &own.name).await), Rule::OwnApplication(_)));
        assert!(matches!(rule(world.now.application_deactivate(&ann, own.id).await), Rule::OwnApplication(_)));
        let renamed = ApplicationChanges { name: Some("Other".into()), ..ApplicationChanges::default() };
        assert!(matches!(rule(world.now.application_change(&ann, own.id, renamed).await), Rule::OwnApplication(_)));
    }

    async fn logos_are_kept_as_long_as_somebody_shows_them(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let (one, two) = (world.application(&ann, acme, "One").await, world.application(&ann, acme, "Two").await);
        let black = give(&world, &ann, one, dot(0)).await.unwrap().logo.unwrap();
        assert_eq!(give(&world, &ann, two, dot(0)).await.unwrap().logo.as_ref(), Some(&black));
        assert_eq!(world.now.image(&black).await.unwrap().map(|i| (i.width, i.height)), Some((1, 1)));
        let white = give(&world, &ann, one, dot(255)).await.unwrap().logo.unwrap();
        assert!(world.now.image(&black).await.unwrap().is_some(), "two still shows it");
        world.now.logo_remove(&ann, two).await.unwrap();
        assert!(world.now.image(&black).await.unwrap().is_none());
        world.now.application_delete(&ann, one, "One").await.unwrap();
        assert!(world.now.image(&white).await.unwrap().is_none());
        assert!(world.now.image("../../etc/passwd").await.unwrap().is_none());
        assert!(bad(world.now.logo_for(&ann, two, vec![0; 200_001]).await).contains("200001 bytes"));
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&[], &[(two, &["view"])])).await;
        let logo = world.now.logo_for(&ann, two, dot(1)).await.unwrap();
        is_forbidden(world.now.logo_set(&bob, two, logo).await);
        // Whoever may not has nothing decoded: what is no picture is not noticed.
        is_forbidden(world.now.logo_for(&bob, two, vec![0]).await);
        is_forbidden(world.now.logo_for_new(&bob, acme, vec![0]).await);
        is_not_found(world.now.logo_for_new(&world.person("eve").await, acme, vec![0]).await);
        assert!(bad(world.now.logo_for_new(&ann, acme, vec![0]).await).contains("no PNG"));
    }
}
