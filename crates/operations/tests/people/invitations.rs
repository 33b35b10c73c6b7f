//! Invitations: once, for one address, while whoever invited still may.

use keywright_crypto::secret::Secret;
use keywright_domain::caller::Caller;
use keywright_domain::ids::OrganisationId;
use keywright_domain::membership::{GivingError, InvitationState};
use keywright_operations::Rule;
use keywright_operations::management_tokens::NewManagementToken;
use keywright_operations::sessions::Bearer;
use keywright_store::on_both_engines;

use crate::world::{World, grants, id_of, is_not_found, machine, now, rule, words};

/// A program with a management token.
async fn token(world: &World, by: &Caller, organisation: OrganisationId, grants: &[&str], expires_at: Option<&str>) -> Caller {
    let new = NewManagementToken { name: "CI".into(), grants: words(grants), expires_at: expires_at.map(Into::into) };
    let made = world.now.management_token_create(by, organisation, new).await.unwrap();
    match world.now.bearer(&Secret::new(made.token.reveal().to_owned())).await.unwrap() {
        Bearer::Accepted(caller) => caller,
        other => panic!("{other:?}"),
    }
}

on_both_engines! {
    async fn an_invitation_is_for_one_address_once(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, eve) = (world.person("ann").await, world.person("eve").await);
        let acme = world.organisation(&ann).await;
        let shop = world.application(&ann, acme, "Shop").await;
        let invitation = world.now.invitation_create(&ann, acme, " Bob@Example.com", grants(&["edit_settings"], &[(shop, &["view"])])).await.unwrap();
        let mail = world.now.mails_take().await.unwrap().outgoing.pop().unwrap().letter;
        assert_eq!(mail.to, "bob@example.com");
        assert!(mail.text.expose().contains(&format!("https://keys.example.com/invitations/{}", invitation.id)), "{}", mail.text.expose());
        for refused in [world.now.invitation_accept(&eve, invitation.id).await.err(), world.now.invitation_show(&eve, invitation.id).await.err()] {
            assert!(matches!(refused, Some(keywright_operations::Error::NotFound { .. })), "{refused:?}");
        }
        let bob = world.person("bob").await;
        assert_eq!(world.now.invitation_show(&bob, invitation.id).await.unwrap().organisation_name, "Acme");
        assert_eq!(world.now.invitations_for(&bob).await.unwrap().len(), 1);
        let (one, two) = tokio::join!(world.now.invitation_accept(&bob, invitation.id), world.now.invitation_accept(&bob, invitation.id));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(rule(world.now.invitation_accept(&bob, invitation.id).await), Rule::InvitationOver(InvitationState::Accepted));
        assert!(world.now.application_show(&bob, shop).await.is_ok());
        assert_eq!(world.now.invitations_for(&bob).await.unwrap(), []);
        assert_eq!(rule(world.now.invitation_withdraw(&ann, invitation.id).await), Rule::InvitationOver(InvitationState::Accepted));
    }

    async fn it_ends_after_seven_days_or_when_it_is_withdrawn(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let acme = world.organisation(&ann).await;
        let old = world.now.invitation_create(&ann, acme, "bob@example.com", grants(&[], &[])).await.unwrap();
        assert_eq!(rule(world.later.invitation_accept(&bob, old.id).await), Rule::InvitationOver(InvitationState::Expired));
        world.now.invitation_withdraw(&ann, old.id).await.unwrap();
        world.now.invitation_withdraw(&ann, old.id).await.unwrap();
        assert_eq!(rule(world.now.invitation_accept(&bob, old.id).await), Rule::InvitationOver(InvitationState::Withdrawn));
        is_not_found(world.now.invitation_withdraw(&bob, old.id).await);
    }

    async fn what_whoever_invited_holds_is_asked_again(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, eva) = (world.person("ann").await, world.person("eva").await);
        let acme = world.organisation(&ann).await;
        let (max, maxs) = world.joined(&ann, acme, "max", grants(&["manage_members", "edit_settings"], &[])).await;
        let invitation = world.now.invitation_create(&max, acme, "eva@example.com", grants(&["edit_settings"], &[])).await.unwrap();
        world.now.member_change(&ann, maxs, grants(&["manage_members"], &[])).await.unwrap();
        assert_eq!(rule(world.now.invitation_accept(&eva, invitation.id).await), Rule::InviterLost);
        world.now.member_remove(&max, maxs).await.unwrap();
        assert_eq!(rule(world.now.invitation_accept(&eva, invitation.id).await), Rule::InviterLost);
        assert_eq!(world.now.member_list(&ann, acme, None, 10).await.unwrap().len(), 1);
    }

    async fn a_member_who_accepts_holds_both(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let shop = world.application(&ann, acme, "Shop").await;
        let gone = world.application(&ann, acme, "Gone").await;
        let (_, member) = world.joined(&ann, acme, "bob", grants(&["edit_settings"], &[(shop, &["view"])])).await;
        let more = grants(&["manage_members"], &[(shop, &["edit"]), (gone, &["edit"])]);
        let bob = world.person("bob").await;
        let invitation = world.now.invitation_create(&ann, acme, "bob@example.com", more).await.unwrap();
        // What was deleted in between is left out.
        world.now.application_delete(&ann, gone, "Gone").await.unwrap();
        assert_eq!(world.now.invitation_accept(&bob, invitation.id).await.unwrap().member, member);
        let shown = world.now.member_show(&bob, member).await.unwrap();
        assert_eq!(shown.grants.organisation.to_string(), "edit_settings manage_members");
        assert_eq!(shown.grants.applications.to_string(), format!("{shop} view edit"));
    }

    async fn invitations_are_counted_also_after_they_were_withdrawn(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let other = world.now.organisation_register(&ann, "Other").await.unwrap().id;
        let too_many = |told: String| Rule::TooManyInvitations { told, again_in_s: 86_400 };
        for organisation in [acme, other, acme] {
            let made = world.now.invitation_create(&ann, organisation, "bob@example.com", grants(&[], &[])).await.unwrap();
            let again = world.now.invitation_create(&ann, organisation, "Bob@example.com", grants(&[], &[])).await;
            assert_eq!(rule(again), Rule::InvitationOpen);
            world.now.invitation_withdraw(&ann, made.id).await.unwrap();
        }
        for organisation in [acme, other] {
            let fourth = world.now.invitation_create(&ann, organisation, "bob@example.com", grants(&[], &[])).await;
            assert_eq!(rule(fourth), too_many("this address cannot be invited now".to_owned()));
        }
        let mut made = 2;
        for most in [20, 100] {
            while made < most {
                let invitation = world.now.invitation_create(&ann, acme, &format!("p{made}@example.com"), grants(&[], &[])).await.unwrap();
                world.now.invitation_withdraw(&ann, invitation.id).await.unwrap();
                made += 1;
            }
            let more = world.now.invitation_create(&ann, acme, "q@example.com", grants(&[], &[])).await;
            assert_eq!(rule(more), too_many(format!("the organisation has made {most} invitations in the last 24 hours, which is the most")));
            world.run("UPDATE organisation SET review = 'verified' WHERE id = $1", vec![acme.into()]).await;
        }
        assert!(world.later.invitation_create(&ann, acme, "bob@example.com", grants(&[], &[])).await.is_ok());
    }

    async fn an_invitation_ends_with_the_token_that_made_it(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let acme = world.organisation(&ann).await;
        let in_two_days = keywright_domain::time::Timestamp::from_us(now().us() + 2 * 86_400_000_000).to_string();
        for (by, name) in [(ann.clone(), "eva"), (machine(), "fay")] {
            let (ending, kept) = (token(&world, &by, acme, &["manage_members"], Some(&in_two_days)).await, token(&world, &by, acme, &["manage_members"], None).await);
            let mail = format!("{name}@example.com");
            let of_ending = world.now.invitation_create(&ending, acme, "bob@example.com", grants(&[], &[])).await.unwrap();
            let of_kept = world.now.invitation_create(&kept, acme, &mail, grants(&[], &[])).await.unwrap();
            // The first token ends by itself before the invitation does.
            assert_eq!(rule(world.in_three_days.invitation_accept(&bob, of_ending.id).await), Rule::InviterLost);
            let Caller::Token(kept) = kept else { panic!("it is no token") };
            world.now.management_token_revoke(&ann, kept.id).await.unwrap();
            let invited = world.person(name).await;
            assert!(world.now.invitation_accept(&invited, of_kept.id).await.is_err(), "it was withdrawn with its token");
            let again = world.now.invitation_create(&ann, acme, &mail, grants(&[], &[])).await.unwrap();
            for id in [of_ending.id, again.id] {
                world.now.invitation_withdraw(&ann, id).await.unwrap();
            }
        }
        let invitation = world.now.invitation_create(&machine(), acme, "bob@example.com", grants(&["admin"], &[])).await.unwrap();
        assert!(world.now.invitation_accept(&bob, invitation.id).await.is_ok(), "what was made at the machine stays");
    }

    async fn what_a_token_could_not_give_beside_what_is_held_is_refused_at_the_end_too(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let acme = world.organisation(&ann).await;
        let token = token(&world, &ann, acme, &["manage_members", "edit_settings"], None).await;
        let more = world.now.invitation_create(&token, acme, "bob@example.com", grants(&["create_applications"], &[])).await;
        assert!(matches!(rule(more), Rule::Giving(_)));
        let invitation = world.now.invitation_create(&token, acme, "bob@example.com", grants(&["edit_settings"], &[])).await.unwrap();
        // Meanwhile they have become admin, and what an admin holds is changed by admins only.
        world.run("INSERT INTO member (id, organisation_id, person_id, grants, created_us) VALUES ($1, $2, $3, 'admin', 0)", vec![
            keywright_domain::ids::MemberId::from_bits(7).into(), acme.into(), id_of(&bob).into(),
        ]).await;
        assert_eq!(rule(world.now.invitation_accept(&bob, invitation.id).await), Rule::InviterLost);
    }

    async fn whoever_may_not_make_admins_withdraws_no_invitation_of_one(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let (max, _) = world.joined(&ann, acme, "max", grants(&["manage_members", "edit_settings"], &[])).await;
        let admin = world.now.invitation_create(&ann, acme, "bob@example.com", grants(&["admin"], &[])).await.unwrap();
        assert_eq!(rule(world.now.invitation_withdraw(&max, admin.id).await), Rule::Giving(GivingError::Admins));
        let plain = world.now.invitation_create(&ann, acme, "eva@example.com", grants(&["edit_settings"], &[])).await.unwrap();
        assert!(world.now.invitation_withdraw(&max, plain.id).await.is_ok());
        assert!(world.now.invitation_withdraw(&ann, admin.id).await.is_ok());
    }
}
