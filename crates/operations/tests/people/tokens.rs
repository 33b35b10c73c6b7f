//! Management tokens.

use keywright_crypto::secret::Secret;
use keywright_domain::caller::Caller;
use keywright_operations::Rule;
use keywright_operations::management_tokens::NewManagementToken;
use keywright_operations::sessions::Bearer;
use keywright_store::on_both_engines;

use crate::world::{World, bad, grants, is_forbidden, is_not_found, machine, rule, words};

fn new(grants: &[&str], expires_at: Option<&str>) -> NewManagementToken {
    NewManagementToken { name: "CI".into(), grants: words(grants), expires_at: expires_at.map(Into::into) }
}

on_both_engines! {
    async fn a_token_is_accepted_until_it_is_revoked_or_over(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let made = world.now.management_token_create(&machine(), acme, new(&["edit_settings", "view"], Some("2999-01-01T00:00:00+01:00"))).await.unwrap();
        let secret = Secret::new(made.token.reveal().to_owned());
        assert!(secret.expose().starts_with("kw_mgmt_") && made.made.masked.starts_with("kw_mgmt_…"));
        let Bearer::Accepted(caller @ Caller::Token(token)) = world.now.bearer(&secret).await.unwrap() else { panic!("it is refused") };
        let shop = world.application(&ann, acme, "Shop").await;
        assert!(world.now.application_show(&caller, shop).await.is_ok());
        assert_eq!(world.now.application_list(&caller, acme, None, 10).await.unwrap().len(), 2);
        assert!(world.now.organisation_rename(&caller, acme, "Acme 2").await.is_ok());
        is_forbidden(world.now.application_delete(&caller, shop, "Shop").await);
        is_forbidden(world.now.management_token_list(&caller, acme).await);
        let other = world.organisation(&world.person("eve").await).await;
        is_not_found(world.now.organisation_show(&caller, other).await);
        world.now.management_token_used(&token).await.unwrap();
        assert!(world.now.management_token_list(&ann, acme).await.unwrap()[0].seen_at.is_some());
        world.now.management_token_revoke(&ann, token.id).await.unwrap();
        world.now.management_token_revoke(&ann, token.id).await.unwrap();
        assert!(matches!(world.now.bearer(&secret).await.unwrap(), Bearer::Refused));
    }

    async fn what_cannot_be_is_refused(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, stranger) = (world.person("ann").await, world.person("stranger").await);
        let acme = world.organisation(&ann).await;
        let message = bad(world.now.management_token_create(&ann, acme, new(&["view", "owner"], Some("2020-01-01T00:00:00Z"))).await);
        assert!(message.contains("grants[1]") && message.contains("\"owner\"") && message.contains("expires_at"), "{message}");
        assert!(bad(world.now.management_token_create(&ann, acme, new(&[""], None)).await).contains("grants"));
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&["manage_members", "edit_settings"], &[])).await;
        is_forbidden(world.now.management_token_create(&bob, acme, new(&["edit_settings"], None)).await);
        is_not_found(world.now.management_token_create(&stranger, acme, new(&["view"], None)).await);
        let made = world.now.management_token_create(&ann, acme, new(&["admin"], None)).await.unwrap();
        is_not_found(world.now.management_token_revoke(&stranger, made.made.id).await);
        let Bearer::Accepted(token) = world.now.bearer(&Secret::new(made.token.reveal().to_owned())).await.unwrap() else { panic!("it is refused") };
        assert_eq!(rule(world.now.management_token_create(&token, acme, new(&["view"], None)).await), Rule::TokenByToken);
    }
}
