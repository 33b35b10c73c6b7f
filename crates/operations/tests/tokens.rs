//! The keys that sign access tokens: over months, and beside a verifier that is behind.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::sync::Arc;

use keywright_crypto::jwt;
use keywright_crypto::seal::MasterKey;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::catalogue::{BUILT_IN, Tokens};
use keywright_domain::change::{Change, Position};
use keywright_domain::credential::secret_form::Brand;
use keywright_domain::credential::{Environment, TokenForm};
use keywright_domain::ids::{CredentialId, VerifierId};
use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};
use keywright_operations::tokens::{MintError, Minted, NewToken};
use keywright_operations::{Clocks, Keys, LocalVerifier, Operations};
use keywright_store::{Done, Store, StoreError, args, on_both_engines};
use tokio::sync::watch;

thread_local! {
    /// What the calendar of the story shows. The story runs on one thread.
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::from_us(1_800_000_000_000_000)) };
}

async fn operations(store: &Store, master: &MasterKey) -> Operations {
    operations_beside(store, master, None).await
}

async fn operations_beside(store: &Store, master: &MasterKey, verifier: Option<LocalVerifier>) -> Operations {
    let keys = Keys::open(store, master, true).await.unwrap();
    Operations::new(store.clone(), Clocks { wall: || NOW.get(), boot: Boot::default }, Arc::new(keys), verifier)
}

/// The `kid`s of the key set, the latest first.
fn published(operations: &Operations) -> Vec<String> {
    operations.signing_key_set().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The key by which a token of this moment is signed.
fn signs(operations: &Operations) -> String {
    jwt::read(minted(operations).unwrap().token.expose()).unwrap().key_id().unwrap().to_owned()
}

async fn run(store: &Store, sql: &'static str) {
    let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
    let change = vec![Change::SigningKeys];
    store
        .write(allowed, async move |tx| Ok::<_, StoreError>(Done { value: tx.exec(sql, args![]).await?, audit: vec![], changes: change.clone() }))
        .await
        .unwrap();
}

fn minted(operations: &Operations) -> Result<Minted, MintError> {
    let brand = Brand::new("kw").unwrap();
    let new = NewToken {
        credential: CredentialId::from_bits(1),
        client_id: "shop",
        version: 1,
        service: "rest-apis",
        environment: Environment::Production,
        scope: "",
        tokens: Tokens { life: limits::TOKEN_LIFE_MAX, ..Tokens::default() },
        form: TokenForm::Jwt,
        brand: &brand,
        not_before: NOW.get(),
        not_after: None,
        now: NOW.get(),
    };
    operations.token_mint(&new)
}

on_both_engines! {
    async fn signing_keys_follow_each_other_without_a_gap(place: TestPlace) {
        let (store, master) = (place.open().await, MasterKey::generate().unwrap());
        let (one, other) = (operations(&store, &master).await, operations(&store, &master).await);
        one.catalogue_apply(&Caller::Machine { user: "test".into() }, BUILT_IN).await.unwrap();
        let began = NOW.get();
        let at = async |span: Span, before_s: i64| {
            NOW.set(Timestamp::from_us(began.plus(span).us() - before_s * 1_000_000));
            // Two nodes do it at once.
            let (first, second) = tokio::join!(one.signing_keys_keep(), other.signing_keys_keep());
            first.and(second).unwrap();
            store.signing_keys_forget(NOW.get()).await.unwrap();
            one.signing_keys_keep().await.unwrap();
            other.signing_keys_keep().await.unwrap();
            assert_eq!(published(&one), published(&other));
            (published(&one), signs(&one))
        };
        let (set, first) = at(Span::from_s(0), 0).await;
        assert_eq!(set, std::slice::from_ref(&first), "the first signs at once");
        let month = limits::SIGNING_KEY_SIGNS;
        let ahead_s = limits::KEY_SET_MAX_AGE.us() / 1_000_000;
        assert_eq!(at(month, ahead_s + 1).await, (vec![first.clone()], first.clone()));
        // Published for as long as caches may keep the set, before anything is signed with it.
        let (set, by) = at(month, ahead_s).await;
        assert_eq!((set.len(), &set[1], &by), (2, &first, &first));
        let second = set[0].clone();
        assert_eq!(at(month, 1).await, (vec![second.clone(), first.clone()], first.clone()), "still the first");
        assert_eq!(at(month, 0).await, (vec![second.clone(), first.clone()], second.clone()), "from then on the second");
        // Until the last token that the first has signed is over, and the caches with it.
        let over = month.us() + limits::TOKEN_LIFE_MAX.us() + limits::KEY_SET_MAX_AGE.us();
        assert_eq!(at(Span::from_us(over), 1).await.0, [second.clone(), first.clone()]);
        assert_eq!(at(Span::from_us(over), -1).await, (vec![second.clone()], second.clone()));
        // A server that slept through the change goes on with what there is, until its successor is known everywhere.
        let (set, by) = at(Span::from_us(3 * month.us()), 0).await;
        assert_eq!((set.len(), &by), (2, &second), "not signed with before it is published");
        assert_eq!(at(Span::from_us(3 * month.us()), -ahead_s).await.1, set[0]);
    }

    async fn a_key_signs_nothing_that_the_verifier_beside_it_would_not_know(place: TestPlace) {
        let (store, master) = (place.open().await, MasterKey::generate().unwrap());
        let (verifier, applied) = watch::channel(Some((VerifierId::from_bits(1), store.place(Position::default()).await.unwrap().0)));
        let behind = operations_beside(&store, &master, Some(LocalVerifier { applied })).await;
        let elsewhere = operations(&store, &master).await;
        elsewhere.catalogue_apply(&Caller::Machine { user: "test".into() }, BUILT_IN).await.unwrap();
        for made_by in [&behind, &elsewhere] {
            run(&store, "DELETE FROM signing_key").await;
            made_by.signing_keys_keep().await.unwrap();
            elsewhere.signing_keys_keep().await.unwrap();
            behind.signing_keys_keep().await.unwrap();
            assert!(!behind.signing_keys_keep().await.unwrap(), "it is told that they wait");
            assert_eq!(published(&behind), published(&elsewhere), "all keys are published at once");
            assert!(matches!(minted(&behind), Err(MintError::NoKey)) && minted(&elsewhere).is_ok());
        }
        verifier.send_replace(Some((VerifierId::from_bits(1), store.place(Position::default()).await.unwrap().0)));
        assert!(behind.signing_keys_keep().await.unwrap());
        assert_eq!(signs(&behind), published(&elsewhere)[0]);
        // A verifier that is gone knows nothing more.
        run(&store, "DELETE FROM signing_key").await;
        drop(verifier);
        behind.signing_keys_keep().await.unwrap();
        assert!(matches!(minted(&behind), Err(MintError::NoKey)));
    }
}
