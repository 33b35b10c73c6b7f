//! What organisations say of themselves, and which services on request they have.

use keywright_domain::catalogue::Allowance;
use keywright_domain::credential::Permissions;
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::organisation::Profile;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::organisations::Organisation;
use crate::scope::Scope;

struct Row(Profile);

impl FromRow for Row {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(profile(row, 0)?))
    }
}

/// A profile whose columns begin with this one.
fn profile(row: &RowRef<'_>, first: usize) -> Result<Profile, StoreError> {
    Ok(Profile {
        legal_name: row.opt_text(first)?,
        address: row.opt_text(first + 1)?,
        country: row.opt_text(first + 2)?,
        tax_id: row.opt_text(first + 3)?,
        billing_mail: row.opt_text(first + 4)?,
        website: row.opt_text(first + 5)?,
        purpose: row.opt_text(first + 6)?,
        handed_in_at: row.opt_int(first + 7)?.map(Timestamp::from_us),
        remark: row.opt_text(first + 8)?,
    })
}

/// An organisation with its own application and what it says of itself.
struct Whole(Organisation, ApplicationId, Profile);

impl FromRow for Whole {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(Organisation::from_row(row)?, row.parse(5)?, profile(row, 6)?))
    }
}

struct Allowed(Allowance);

impl FromRow for Allowed {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(Allowance { service: row.text(0)?, permissions: row.opt_text_ref(1)?.map(Permissions::from_text) }))
    }
}

/// The columns of a profile, in the order in which it is read.
macro_rules! columns {
    () => {
        "p.legal_name, p.address, p.country, p.tax_id, p.billing_mail, p.website, p.purpose, p.handed_in_us, p.remark"
    };
}

const PROFILE: &str = concat!("SELECT ", columns!(), " FROM organisation_profile p WHERE p.organisation_id = $1");
const ALLOWANCES: &str = "SELECT service, permissions FROM organisation_service WHERE organisation_id = $1 ORDER BY service";

impl Scope<'_> {
    /// The organisation, its own application, and what it says of itself.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_whole(&self) -> Result<Option<(Organisation, ApplicationId, Profile)>, StoreError> {
        let sql = concat!(
            "SELECT o.id, o.name, o.review, o.suspended, o.created_us, a.id, ",
            columns!(),
            " FROM organisation o JOIN application a ON a.organisation_id = o.id AND a.own \
             LEFT JOIN organisation_profile p ON p.organisation_id = o.id WHERE o.id = $1"
        );
        Ok(self.all::<Whole>(sql, args![]).await?.pop().map(|Whole(organisation, own, profile)| (organisation, own, profile)))
    }

    /// What the organisation says of itself.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn profile(&self) -> Result<Profile, StoreError> {
        Ok(self.all::<Row>(PROFILE, args![]).await?.pop().map(|row| row.0).unwrap_or_default())
    }

    /// The services on request that the organisation has.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn allowances(&self) -> Result<Vec<Allowance>, StoreError> {
        Ok(self.all::<Allowed>(ALLOWANCES, args![]).await?.into_iter().map(|a| a.0).collect())
    }
}

impl Tx<'_> {
    /// What an organisation says of itself. Whoever changes it has locked the organisation before.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn profile(&mut self, organisation: OrganisationId) -> Result<Profile, StoreError> {
        Ok(self.opt::<Row>(PROFILE, args![organisation]).await?.map(|row| row.0).unwrap_or_default())
    }

    /// Stores what an organisation says of itself.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn profile_save(&mut self, organisation: OrganisationId, p: &Profile) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO organisation_profile \
               (organisation_id, legal_name, address, country, tax_id, billing_mail, website, purpose, handed_in_us, remark) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (organisation_id) DO UPDATE SET legal_name = excluded.legal_name, address = excluded.address, country = excluded.country, \
               tax_id = excluded.tax_id, billing_mail = excluded.billing_mail, website = excluded.website, purpose = excluded.purpose, \
               handed_in_us = excluded.handed_in_us, remark = excluded.remark",
            args![
                organisation,
                p.legal_name.as_deref(),
                p.address.as_deref(),
                p.country.as_deref(),
                p.tax_id.as_deref(),
                p.billing_mail.as_deref(),
                p.website.as_deref(),
                p.purpose.as_deref(),
                p.handed_in_at,
                p.remark.as_deref()
            ],
        )
        .await?;
        Ok(())
    }

    /// Stores what an organisation has of a service on request.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn allowance_save(&mut self, organisation: OrganisationId, a: &Allowance, now: Timestamp) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO organisation_service (organisation_id, service, permissions, created_us) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (organisation_id, service) DO UPDATE SET permissions = excluded.permissions",
            args![organisation, a.service.as_str(), a.permissions.as_ref().map(Permissions::to_text), now],
        )
        .await?;
        Ok(())
    }

    /// Takes a service on request away; false: the organisation had none of it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn allowance_remove(&mut self, organisation: OrganisationId, service: &str) -> Result<bool, StoreError> {
        let removed = self.exec("DELETE FROM organisation_service WHERE organisation_id = $1 AND service = $2", args![organisation, service]).await?;
        Ok(removed > 0)
    }
}
