//! Who did what, as each may see it.

use keywright_operations::activity::{ActivityFilter, Actor, AuditFilter};
use keywright_operations::credentials::Rotation;
use keywright_store::on_both_engines;

use crate::world::{World, grants, id_of, is_forbidden, is_not_found, key, machine};

fn newest(limit: u32) -> ActivityFilter {
    ActivityFilter { limit, ..ActivityFilter::default() }
}

on_both_engines! {
    async fn activity_names_who_and_what(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, operator, stranger) = (world.person("ann").await, world.operator("op").await, world.person("stranger").await);
        let acme = world.organisation(&ann).await;
        let other = world.organisation(&stranger).await;
        let shop = world.application(&ann, acme, "Shop").await;
        let back_end = world.now.credential_create(&ann, shop, key("Back end")).await.unwrap().id;
        world.now.credential_rotate(&machine(), back_end, Rotation::default()).await.unwrap();
        world.now.credential_suspend(&operator, back_end).await.unwrap();
        let entries = world.now.activity(&ann, acme, newest(10)).await.unwrap();
        let seen: Vec<(&str, Option<&str>)> = entries.iter().map(|e| (e.action.as_str(), e.subject_name.as_deref())).collect();
        let key = Some("Back end");
        let wanted =
            [("credential.suspended", key), ("credential.rotated", key), ("credential.created", key), ("application.created", Some("Shop")), ("organisation.created", Some("Acme"))];
        assert_eq!(seen, wanted);
        assert_eq!(entries[0].actor, Actor::Operator { id: None, mail: None });
        assert_eq!(entries[1].actor, Actor::Machine { user: "test".into() });
        assert_eq!(entries[2].actor, Actor::Person { id: id_of(&ann), mail: "ann@example.com".into(), name: String::new() });
        let older = world.now.activity(&ann, acme, ActivityFilter { before: Some(entries[1].id), action: Some("credential.".into()), ..newest(10) }).await.unwrap();
        assert_eq!(older.iter().map(|e| e.action.as_str()).collect::<Vec<_>>(), ["credential.created"]);
        let of_ann = world.now.activity(&ann, acme, ActivityFilter { actor: Some(id_of(&ann).to_string()), ..newest(10) }).await.unwrap();
        assert_eq!(of_ann.len(), 3);
        assert_eq!(world.now.activity_of_application(&ann, shop, None, 10).await.unwrap().len(), 4);
        assert_eq!(world.now.activity_of_credential(&ann, back_end, None, 2).await.unwrap().len(), 2);
        is_not_found(world.now.activity(&stranger, acme, newest(10)).await);
        let theirs = ActivityFilter { subject: Some(back_end.to_string()), ..newest(10) };
        assert_eq!(world.now.activity(&stranger, other, theirs).await.unwrap(), [], "an id of another organisation");
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&["edit_settings"], &[])).await;
        is_forbidden(world.now.activity(&bob, acme, newest(10)).await);

        let all = world.now.audit_list(&operator, AuditFilter { part: newest(200), organisation: None }).await.unwrap();
        let suspended = all.iter().find(|e| e.action == "credential.suspended").unwrap();
        assert_eq!(suspended.actor, Actor::Operator { id: Some(id_of(&operator)), mail: Some("op@example.com".into()) });
        assert!(all.iter().any(|e| e.organisation == Some(other)));
        let one = world.now.audit_list(&operator, AuditFilter { part: newest(200), organisation: Some(other) }).await.unwrap();
        assert_eq!(one.len(), 1);
        is_forbidden(world.now.audit_list(&ann, AuditFilter::default()).await);
    }
}
