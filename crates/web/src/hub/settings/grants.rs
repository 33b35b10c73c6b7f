//! Grants as boxes to tick: what each is for stands in `templates/settings/grants.html`. Only what whoever looks may give is offered.

use std::collections::BTreeMap;

use keywright_domain::grants::{ApplicationGrant, ApplicationGrants, Held, OrganisationGrant, OrganisationGrants};
use keywright_domain::ids::ApplicationId;
use keywright_domain::membership::MemberGrants;

/// A grant to tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GrantBox {
    /// As it is sent: `manage_members`.
    pub(crate) word: &'static str,
    /// Whether it is held now.
    pub(crate) chosen: bool,
    /// Whether whoever looks may give and take it.
    pub(crate) offered: bool,
}

impl GrantBox {
    /// Whether there is anything to show.
    const fn is_shown(&self) -> bool {
        self.chosen || self.offered
    }
}

/// The grants over one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OnApplication {
    /// `app_…`
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// View, receipts, edit, admin; always all four, so that they stand in columns.
    pub(crate) boxes: Vec<GrantBox>,
}

/// Grants over the organisation that `own` may give, or that are held already.
pub(crate) fn over_organisation(chosen: OrganisationGrants, own: OrganisationGrants) -> Vec<GrantBox> {
    let boxes = OrganisationGrant::ALL.map(|grant| GrantBox { word: grant.as_str(), chosen: chosen.has(grant), offered: own.holds(grant) });
    boxes.into_iter().filter(GrantBox::is_shown).collect()
}

/// Grants over one application. Of an application on which `own` may give nothing and nothing is held there is none.
pub(crate) fn over_application(id: ApplicationId, name: &str, chosen: ApplicationGrants, own: ApplicationGrants) -> Option<OnApplication> {
    let boxes = ApplicationGrant::ALL.map(|grant| GrantBox { word: grant.as_str(), chosen: chosen.has(grant), offered: own.holds(grant) });
    boxes.iter().any(GrantBox::is_shown).then(|| OnApplication { id: id.to_string(), name: name.to_owned(), boxes: boxes.to_vec() })
}

/// What `own` holds over an application.
pub(crate) fn held_on(own: &MemberGrants, application: ApplicationId) -> ApplicationGrants {
    Held { organisation: own.organisation, application: own.applications.on(application) }.on_application()
}

/// What was ticked: `app_…:edit`, by application.
pub(crate) fn by_application(ticked: &[String]) -> Vec<(String, Vec<String>)> {
    let mut all = BTreeMap::<&str, Vec<String>>::new();
    for (application, grant) in ticked.iter().filter_map(|one| one.split_once(':')) {
        all.entry(application).or_default().push(grant.to_owned());
    }
    all.into_iter().map(|(application, grants)| (application.to_owned(), grants)).collect()
}

/// Of what was ticked, the grants over one application; what is none is passed over, because it only says which boxes are ticked again.
pub(crate) fn ticked_on(ticked: &[String], application: ApplicationId) -> ApplicationGrants {
    let id = application.to_string();
    let words = ticked.iter().filter_map(|one| one.split_once(':')).filter(|(application, _)| *application == id);
    ApplicationGrants::of(&words.filter_map(|(_, grant)| grant.parse().ok()).collect::<Vec<_>>())
}

/// The same for the organisation.
pub(crate) fn ticked(words: &[String]) -> OrganisationGrants {
    OrganisationGrants::of(&words.iter().filter_map(|word| word.parse().ok()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApplicationGrant as A;
    use OrganisationGrant as O;

    const APP: ApplicationId = ApplicationId::from_bits(1);

    #[test]
    fn only_what_is_held_is_offered_and_what_the_other_holds_is_shown() {
        let manager = OrganisationGrants::of(&[O::ManageMembers]);
        let boxes = over_organisation(OrganisationGrants::of(&[O::CreateApplications]), manager);
        let seen: Vec<_> = boxes.iter().map(|b| (b.word, b.chosen, b.offered)).collect();
        assert_eq!(seen, [("create_applications", true, false), ("manage_members", false, true)]);
        assert_eq!(over_organisation(OrganisationGrants::NONE, OrganisationGrants::of(&[O::Admin])).len(), 4);
    }

    #[test]
    fn an_application_that_nobody_concerned_holds_is_left_out() {
        assert_eq!(over_application(APP, "Shop", ApplicationGrants::NONE, ApplicationGrants::NONE), None);
        let row = over_application(APP, "Shop", ApplicationGrants::NONE, ApplicationGrants::of(&[A::Edit])).unwrap();
        let offered: Vec<_> = row.boxes.iter().filter(|b| b.offered).map(|b| b.word).collect();
        assert_eq!((row.boxes.len(), offered), (4, vec!["view", "edit"]));
    }

    #[test]
    fn what_was_ticked_is_read_by_application() {
        let ticked = [format!("{APP}:view"), format!("{APP}:edit"), "nonsense".to_owned(), "app_x:admin".to_owned()];
        assert_eq!(by_application(&ticked), [(APP.to_string(), vec!["view".into(), "edit".into()]), ("app_x".into(), vec!["admin".into()])]);
        assert_eq!(ticked_on(&ticked, APP), ApplicationGrants::of(&[A::View, A::Edit]));
    }
}
