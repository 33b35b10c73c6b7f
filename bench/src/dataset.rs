//! Stores of a known content: made once, kept in a cache, copied for each run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use keywright::cli::{Common, Serve};
use keywright::serve::Running;
use keywright::settings::Settings;
use keywright_domain::application;
use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::credential::{Credential, Environment, Permissions, Restrictions, State, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;
use keywright_store::applications::Application;
use keywright_store::organisations::Organisation;
use keywright_store::{Done, Location, OpenOptions, Purpose, Store};

use crate::keys::mixed;
use crate::materials::{Made, Maker};

/// The service of every credential.
pub(crate) const SERVICE: &str = "business-api";
/// The permission that every credential for it holds.
pub(crate) const PERMISSION: &str = "transactions:read";
/// Rows that are made in one transaction.
const AT_ONCE: u64 = 20_000;
/// The file that says that a store is whole.
const MARK: &str = "benchmark";
/// To be changed when the content changes.
const FORM: u32 = 2;
/// When everything was made: 2025-06-01.
const MADE_MS: u64 = 1_748_736_000_000;
const MADE: Timestamp = Timestamp::from_us(MADE_MS.cast_signed() * 1_000);

/// How much is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Organisations.
    pub(crate) organisations: u64,
    /// Applications, spread over them.
    pub(crate) applications: u64,
    /// Live keys, numbered from 0.
    pub(crate) live: u64,
    /// Revoked keys, whose numbers follow.
    pub(crate) revoked: u64,
    /// What a credential is.
    pub(crate) made: Made,
}

impl Shape {
    /// A tenth of as many applications as live keys, a tenth of as many organisations as applications.
    #[must_use]
    pub(crate) const fn of(live: u64, revoked: u64) -> Self {
        Self { organisations: live / 100, applications: live / 10, live, revoked, made: Made::ApiKeys }
    }

    /// Many applications that have few keys yet.
    #[must_use]
    pub(crate) const fn young(applications: u64) -> Self {
        Self { organisations: applications / 10, applications, live: applications / 10, revoked: 0, made: Made::ApiKeys }
    }

    /// The name of the directory in the cache.
    fn name(self) -> String {
        let Self { applications, live, revoked, made, .. } = self;
        format!("{applications}-applications-{live}-live-{revoked}-revoked{}", made.suffix())
    }
}

/// A store of its own for one run. It goes with this value.
pub(crate) struct DataSet {
    /// What is in it.
    pub(crate) shape: Shape,
    /// The token of its resource server.
    pub(crate) token: String,
    directory: tempfile::TempDir,
}

impl DataSet {
    /// A copy of the store of this shape, which is made first where it is not in the cache.
    ///
    /// # Errors
    /// It cannot be made or copied.
    pub(crate) async fn copy(shape: Shape) -> Result<Self> {
        let cache = cache()?;
        let kept = cache.join(shape.name());
        let mark = format!("form {FORM}\n{}", schema_of_now().await?);
        if fs::read_to_string(kept.join(MARK)).ok().as_deref() != Some(mark.as_str()) {
            eprintln!("making a store of {} live and {} revoked keys in {} …", shape.live, shape.revoked, kept.display());
            let _ = fs::remove_dir_all(&kept);
            fs::create_dir_all(&kept)?;
            make(shape, &kept.join("data")).await?;
            fs::write(kept.join(MARK), &mark)?;
        }
        let directory = tempfile::Builder::new().prefix("run-").tempdir_in(&cache)?;
        let (from, to) = (kept.join("data"), directory.path().join("data"));
        fs::create_dir(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
        let token = fs::read_to_string(to.join("token"))?;
        Ok(Self { shape, token, directory })
    }

    /// The data directory.
    #[must_use]
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The file of the store.
    #[must_use]
    pub(crate) fn file(&self) -> PathBuf {
        self.data().join("keywright.db")
    }
}

/// The id of a credential, by its number.
#[must_use]
pub(crate) fn credential(n: u64) -> CredentialId {
    CredentialId::from_parts(MADE_MS + n, u128::from(mixed(n << 2)) << 16)
}

/// The id of an application, by its number.
#[must_use]
pub(crate) fn application(n: u64) -> ApplicationId {
    ApplicationId::from_parts(MADE_MS + n, u128::from(mixed(n << 2 | 1)) << 16)
}

/// The id of an organisation, by its number.
#[must_use]
pub(crate) fn organisation(n: u64) -> OrganisationId {
    OrganisationId::from_parts(MADE_MS + n, u128::from(mixed(n << 2 | 2)) << 16)
}

/// Who runs the benchmark.
#[must_use]
pub(crate) fn machine() -> Caller {
    Caller::Machine { user: "benchmark".into() }
}

/// A server in this process, on a free port.
///
/// # Errors
/// It does not start.
pub(crate) async fn start(data: &Path) -> Result<Running> {
    let settings = Settings::read(&Common { data: Some(data.to_owned()), ..Common::default() }).map_err(said)?;
    let serve = Serve { listen: Some("127.0.0.1:0".into()), ..Serve::default() };
    keywright::serve::start(&settings, &serve).await.map_err(said)
}

/// What a failure of the product says.
#[must_use]
pub(crate) fn said(failure: keywright::failure::Failure) -> anyhow::Error {
    anyhow::anyhow!(failure.to_text())
}

fn cache() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program lies in no target directory")?;
    let cache = target.join("bench");
    fs::create_dir_all(&cache)?;
    Ok(cache)
}

/// The tables of a store that this build makes.
async fn schema_of_now() -> Result<String> {
    let directory = tempfile::tempdir()?;
    let location = Location::Directory(directory.path().join("data"));
    drop(Store::open(OpenOptions::new(location, Purpose::Migrate)).await?);
    let connection = rusqlite::Connection::open(directory.path().join("data/keywright.db"))?;
    Ok(connection
        .query_row("SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name)", [], |row| row.get(0))?)
}

/// A server's first start makes keys and catalogue; the rest is put into the store at once, without entries in log and audit trail, because no
/// verifier follows yet.
async fn make(shape: Shape, data: &Path) -> Result<()> {
    let running = start(data).await?;
    let services = [shape.made.service().to_owned()];
    let server = running.operations.resource_server_create(&machine(), "Benchmark", &services, &["production".to_owned()]).await?;
    fs::write(data.join("token"), server.token.reveal())?;
    running.stop().await.map_err(said)?;
    let maker = Maker::new(shape.made, data)?;
    let store = Store::open(OpenOptions::new(Location::Directory(data.to_owned()), Purpose::Serve)).await?;
    let operator = allow(&machine(), Right::Operate, &Facts::default())?;
    fill(&store, &operator, shape.organisations, async |tx, n| {
        let o = Organisation { id: organisation(n), name: format!("Organisation {n}"), review: Review::Verified, suspended: false, created_at: MADE };
        Ok(tx.organisation_insert(&o).await?)
    })
    .await?;
    let organisations = shape.organisations;
    fill(&store, &operator, shape.applications, async move |tx, n| {
        let application = Application {
            id: application(n),
            organisation: organisation(n % organisations),
            name: format!("Application {n}"),
            internal_name: None,
            description: None,
            domain: None,
            privacy_url: None,
            logo: None,
            own: false,
            state: application::State::Active,
            created_at: MADE,
            services: vec![shape.made.service().to_owned()],
        };
        Ok(tx.application_insert(&application).await?)
    })
    .await?;
    fill(&store, &operator, shape.live + shape.revoked, async move |tx, n| {
        let credential = credential_of(shape, maker, n)?;
        if shape.made.is_pair() {
            tx.public_key_take(&credential.versions[0].digest, None).await?;
        }
        Ok(tx.credential_insert(&credential).await?)
    })
    .await?;
    drop(store);
    // Nobody should wait for a verifier that is gone, and readers of copies should find everything in one file.
    let connection = rusqlite::Connection::open(data.join("keywright.db"))?;
    connection.execute_batch("DELETE FROM verifier; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn credential_of(shape: Shape, maker: Maker, n: u64) -> Result<Credential> {
    let owner = n % shape.applications;
    let [always, more @ ..] = shape.made.permissions() else { bail!("a service without permissions") };
    let more = more.iter().enumerate().filter(|(i, _)| mixed(n) >> i & 1 == 1).map(|(_, name)| *name);
    let revoked = n >= shape.live;
    let version = maker.version(credential(n), n)?;
    Ok(Credential {
        id: credential(n),
        organisation: organisation(owner % shape.organisations),
        application: application(owner),
        kind: shape.made.kind(),
        public_id: shape.made.public_id(n),
        token_form: None,
        tokens_not_before: None,
        service: shape.made.service().to_owned(),
        environment: Environment::Production,
        name: format!("Back end {n}"),
        permissions: Permissions::of(more.chain([*always])),
        restrictions: Restrictions::default(),
        state: if revoked { State::Revoked } else { State::Active },
        expires_at: None,
        created_at: MADE,
        // Ended ones are forgotten after a while, so these ended just now.
        revoked_at: revoked.then(keywright::clocks::wall),
        versions: vec![version.numbered(1, VersionState::Active, MADE)],
    })
}

/// Runs `each` for every number below `count`, many in one transaction.
async fn fill<F>(store: &Store, operator: &Allowed, count: u64, each: F) -> Result<()>
where
    F: AsyncFn(&mut keywright_store::Tx<'_>, u64) -> Result<()> + Copy + Send + Sync + 'static,
{
    for start in (0..count).step_by(AT_ONCE as usize) {
        let job = async move |tx: &mut keywright_store::Tx<'_>| {
            for n in start..count.min(start + AT_ONCE) {
                each(tx, n).await?;
            }
            anyhow::Ok(Done::new(()))
        };
        store.write(operator.clone(), job).await?;
    }
    if count == 0 {
        bail!("a store with nothing in it measures nothing");
    }
    Ok(())
}
