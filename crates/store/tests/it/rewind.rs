//! A store that goes back in time, or another way, is noticed by every node until somebody accepts it.

use keywright_domain::change::Position;
use keywright_store::node_place::{NodePlace, RewindError};
use keywright_store::testing::TestPlace;
use keywright_store::{Location, on_both_engines};

use crate::support::{Follower, make, operator};

#[tokio::test]
async fn an_older_copy_that_is_put_back_is_refused_until_it_is_accepted() {
    let place = TestPlace::sqlite();
    let Location::Directory(path) = place.location() else { unreachable!() };
    let copy = |from: &str, to: &str| std::fs::copy(path.join(from), path.join(to)).unwrap();
    let store = place.open().await;
    make(&store).await;
    drop(store);
    copy("keywright.db", "backup");
    let store = place.open().await;
    make(&store).await;
    let mut follower = Follower::start(&store).await;
    let mut node = NodePlace::open(path.join("place")).unwrap();
    node.remember(follower.at, true).unwrap();
    node.check(&store).await.unwrap();
    drop(store);

    copy("backup", "keywright.db");
    let store = place.open().await;
    let node = NodePlace::open(path.join("place")).unwrap();
    let error = node.check(&store).await.unwrap_err();
    assert!(matches!(error, RewindError::Behind { seen: Position(2), head: Position(1) }), "{error:?}");
    assert!(error.to_string().contains("keywright restore --accept-rewind"));
    let page = follower.poll(&store).await.unwrap();
    assert!(page.head.position < follower.at.position, "a running verifier sees it too");

    // The copy goes another way: as far as what was seen, and beyond.
    for _ in 0..2 {
        make(&store).await;
        let error = node.check(&store).await.unwrap_err();
        assert!(matches!(error, RewindError::Forked { seen: Position(2) }), "{error:?}");
        let page = follower.poll(&store).await.unwrap();
        assert_ne!(page.tag_after, Some(follower.at.tag));
        assert_eq!(page.records, []);
    }

    let accepted = store.accept_rewind(operator()).await.unwrap();
    assert!(accepted.epoch.0 > follower.at.epoch.0);
    node.check(&store).await.unwrap();
    assert_ne!(follower.poll(&store).await.unwrap().head.epoch, follower.at.epoch, "a running verifier reloads");
    follower = Follower::start(&store).await;
    make(&store).await;
    assert_eq!(follower.step(&store).await.records.len(), 1);
    drop(store);

    // The copy from before the rewind was accepted is an older life of the store.
    let mut node = NodePlace::open(path.join("place")).unwrap();
    node.remember(follower.at, true).unwrap();
    copy("backup", "keywright.db");
    let store = place.open().await;
    assert!(matches!(NodePlace::open(path.join("place")).unwrap().check(&store).await, Err(RewindError::Behind { .. })));
}

on_both_engines! {
    async fn an_accepted_rewind_is_a_new_epoch_with_a_place_of_its_own(place: TestPlace) {
        let store = place.open().await;
        make(&store).await;
        let follower = Follower::start(&store).await;
        let accepted = store.accept_rewind(operator()).await.unwrap();
        assert_eq!(accepted.position, Position(2));
        assert!(accepted.epoch.0 > follower.at.epoch.0);
        let page = follower.poll(&store).await.unwrap();
        assert_eq!((page.head, page.records.len(), page.tag_after), (accepted, 0, Some(follower.at.tag)));
        let again = store.accept_rewind(operator()).await.unwrap();
        assert!(again.epoch.0 > accepted.epoch.0);
        assert_eq!(store.installation().await.unwrap().epoch, again.epoch);
    }
}
