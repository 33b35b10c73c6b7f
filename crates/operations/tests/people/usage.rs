//! Usage by the hour, and what needs attention.

use keywright_domain::ids::{CredentialId, OrganisationId};
use keywright_domain::time::{Span, Timestamp};
use keywright_domain::verdict::Code;
use keywright_operations::credentials::{NewCredential, Rotation};
use keywright_store::on_both_engines;
use keywright_store::usage::UsageEntry;

use crate::world::{World, grants, is_not_found, key, now};

fn entry(credential: CredentialId, version: u32, code: Code, count: u64, last: Timestamp) -> UsageEntry {
    UsageEntry { credential, version, code, count, last, source: None }
}

on_both_engines! {
    async fn calls_are_counted_by_the_hour(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let (shop, idle) = (world.application(&ann, acme, "Shop").await, world.application(&ann, acme, "Idle").await);
        let credential = world.now.credential_create(&ann, shop, key("Back end")).await.unwrap().id;
        let at = now();
        let before = Timestamp::from_us(at.us() - Span::from_h(2).us());
        let gone = CredentialId::from_bits(1);
        let entries = [
            entry(credential, 1, Code::Valid, 5, at),
            entry(credential, 1, Code::Suspended, 2, at),
            entry(credential, 1, Code::Valid, 1, before),
            entry(gone, 1, Code::Valid, 9, at),
        ];
        world.now.usage_flush("node", &[], &entries[..2]).await.unwrap();
        // The same through a segment, as a busy node puts it down.
        let mut many = entries[2..].to_vec();
        many.extend((2..600).map(|n| entry(CredentialId::from_bits(n), 1, Code::Valid, 1, at)));
        world.now.usage_flush("node", &[], &many).await.unwrap();
        while world.now.usage_fold().await.unwrap() > 0 {}

        let hours = world.now.usage_hours_of_application(&ann, shop, 24).await.unwrap();
        assert_eq!((hours.len(), hours.iter().map(|h| h.accepted).sum::<u64>(), hours.iter().map(|h| h.refused).sum::<u64>()), (24, 6, 2));
        assert!(hours.iter().filter(|h| h.accepted > 0).count() == 2 && hours.windows(2).all(|w| w[0].hour < w[1].hour));
        let of_all = world.now.usage_hours_of_organisation(&ann, acme, 24).await.unwrap();
        assert_eq!(of_all.iter().map(|h| h.accepted + h.refused).sum::<u64>(), 8);
        let most = world.now.applications_most_used(&ann, acme, 24, 10).await.unwrap();
        assert_eq!(most.iter().map(|m| (m.application, m.accepted, m.refused)).collect::<Vec<_>>(), [(shop, 6, 2)]);
        let rows = world.now.application_rows(&ann, acme, None, 10).await.unwrap();
        let of = |id| rows.iter().find(|r| r.application.id == id).unwrap().used;
        assert_eq!((of(shop).live_keys, of(shop).last_call, of(idle).last_call), (1, Some(at), None));
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&[], &[(idle, &["view"])])).await;
        is_not_found(world.now.usage_hours_of_application(&bob, shop, 24).await);
        assert_eq!(world.now.applications_most_used(&bob, acme, 24, 10).await.unwrap(), []);
        world.now.application_delete(&ann, shop, "Shop").await.unwrap();
        assert_eq!(world.now.applications_most_used(&ann, acme, 24, 10).await.unwrap(), []);
    }

    async fn keys_that_end_and_old_versions_in_use_are_told(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme: OrganisationId = world.organisation(&ann).await;
        let shop = world.application(&ann, acme, "Shop").await;
        let soon = now().plus(Span::from_d(3)).to_string();
        let late = now().plus(Span::from_d(90)).to_string();
        let ending = |name: &str, at: &str| NewCredential { expires_at: Some(at.to_owned()), ..key(name) };
        let next = world.now.credential_create(&ann, shop, ending("Next", &soon)).await.unwrap().id;
        world.now.credential_create(&ann, shop, ending("Far", &late)).await.unwrap();
        let rotated = world.now.credential_create(&ann, shop, key("Rotated")).await.unwrap().id;
        world.now.credential_rotate(&ann, rotated, Rotation::default()).await.unwrap();
        let attention = world.now.needs_attention(&ann, acme, 10).await.unwrap();
        assert_eq!((attention.expiring.iter().map(|e| e.credential).collect::<Vec<_>>(), attention.old_versions.len()), (vec![next], 0));
        world.now.usage_flush("node", &[], &[entry(rotated, 1, Code::Valid, 1, now())]).await.unwrap();
        let attention = world.now.needs_attention(&ann, acme, 10).await.unwrap();
        assert_eq!(attention.old_versions.iter().map(|o| (o.credential, o.version)).collect::<Vec<_>>(), [(rotated, 1)]);
        let (bob, _) = world.joined(&ann, acme, "bob", grants(&[], &[])).await;
        assert_eq!(world.now.needs_attention(&bob, acme, 10).await.unwrap(), Default::default());
    }
}
