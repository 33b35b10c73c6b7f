//! Every limit of the product, with its unit and its reason.

use crate::time::Span;

/// How long a replica may answer without proof of freshness, unless the store says otherwise.
pub const LEASE_MS_DEFAULT: u64 = 2_000;
/// Shorter than this, an ordinary pause of a database makes verifiers refuse.
pub const LEASE_MS_MIN: u64 = 1_000;
/// Longer than this, "dead within a lease" is no comfort to anybody.
pub const LEASE_MS_MAX: u64 = 10_000;
/// A verifier polls at least this often.
pub const POLL_MS: u64 = 500;
/// Wake-ups make a verifier poll at most once in this time (50 a second).
pub const POLL_MS_MIN: u64 = 20;
/// Log entries in one page of a poll; a full page does not renew the lease.
pub const PAGE_ENTRIES_MAX: usize = 2_000;
/// The change log is kept at least this long, so that a node that was away for a night catches up without a reload.
pub const LOG_KEPT: Span = Span::from_h(24);
/// The last entries of the change log are kept however old they are, so that a quiet store's log still tells a fork.
pub const LOG_ENTRIES_KEPT: i64 = 10_000;
/// Ended credentials and retired versions are told apart from unknown ones for this long.
pub const ENDED_KEPT: Span = Span::from_d(90);
/// Retired versions of one credential that a replica remembers.
pub const RETIRED_VERSIONS_MAX: usize = 8;
/// A verifier's row is removed after this many leases without a poll.
pub const VERIFIER_REAPED_LEASES: u64 = 10;
/// A node whose wall clock differs from the store's by more than this raises an alarm.
pub const CLOCK_ALARM: Span = Span::from_s(5);
/// A step back of the store's clock by more than that is told by health and metrics for this long, so that somebody sees it.
pub const CLOCK_STEP_TOLD_MS: u64 = 3_600_000;

/// Overlap of a rotation, unless the service or the caller says otherwise.
pub const OVERLAP_DEFAULT: Span = Span::from_h(24);
/// A longer overlap is two credentials, not a rotation.
pub const OVERLAP_MAX: Span = Span::from_d(30);
/// A pending version that nobody uses lapses after this.
pub const PENDING_LAPSES: Span = Span::from_d(30);
/// Live credentials per application, service and environment, unless the catalogue says otherwise.
pub const CREDENTIALS_PER_ENVIRONMENT_DEFAULT: u32 = 20;
/// The catalogue may not allow more than this.
pub const CREDENTIALS_PER_ENVIRONMENT_MAX: u32 = 100_000;

/// Characters in a name (organisation, application, credential, resource server).
pub const NAME_CHARS_MAX: usize = 100;
/// Characters in a mail address (RFC 5321 section 4.5.3.1.3: a path is 256 octets with its brackets).
pub const MAIL_CHARS_MAX: usize = 254;
/// Characters in a host name (RFC 1035 section 2.3.4).
pub const HOST_CHARS_MAX: usize = 253;
/// Permissions that one service may declare.
pub const PERMISSIONS_MAX: usize = 200;
/// Networks that one credential may be bound to.
pub const NETWORKS_MAX: usize = 100;
/// Origins that one credential may be bound to.
pub const ORIGINS_MAX: usize = 100;
/// Characters in one origin.
pub const ORIGIN_CHARS_MAX: usize = 300;
/// Requests in a rate limit.
pub const RATE_REQUESTS_MAX: u32 = 1_000_000_000;
/// The period of a rate limit is at most a day: longer ones are quotas.
pub const RATE_PERIOD_MAX: Span = Span::from_d(1);

/// Bytes of one question to `/verify`.
pub const QUESTION_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a batch of questions.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Fields of one form or query: a member's page sends five for each of its [`PAGE_ROWS_MAX`] applications, and some more.
pub const FORM_FIELDS_MAX: usize = 2_000;
/// Questions in one batch.
pub const BATCH_QUESTIONS_MAX: usize = 1_000;
/// Bytes of a credential as it is presented; ours are 50, tokens of other issuers may be longer.
pub const CREDENTIAL_BYTES_MAX: usize = 8 * 1024;
/// A question with `min_position` waits at most this long for the replica to get there.
pub const MIN_POSITION_WAIT_MS: u64 = 250;
/// Bytes of a catalogue file.
pub const CATALOGUE_BYTES_MAX: usize = 1024 * 1024;
/// A client must have sent its request's head within this time.
pub const HEAD_READ_MS: u64 = 10_000;
/// A client must have sent its request's body within this time.
pub const BODY_READ_MS: u64 = 10_000;
/// Rows of one page of a list.
pub const PAGE_ROWS_MAX: usize = 200;
/// Rows that are read for such a page: one more tells whether there is a next one.
pub const PAGE_ROWS_ASKED: usize = PAGE_ROWS_MAX + 1;

/// Services in one catalogue.
pub const SERVICES_MAX: usize = 200;
/// Characters in a service's slug: it stands in routes and in every question.
pub const SLUG_CHARS_MAX: usize = 40;
/// Brands whose keys are still recognised, beside the present one: each costs every check a comparison.
pub const EARLIER_BRANDS_MAX: usize = 20;
/// Attributes that one service may declare.
pub const ATTRIBUTES_MAX: usize = 200;
/// Hosts that one service may list for one environment.
pub const AUTHORITIES_MAX: usize = 50;
/// Paths under which one service may be mounted.
pub const BASE_PATHS_MAX: usize = 50;
/// Characters in one base path.
pub const BASE_PATH_CHARS_MAX: usize = 200;
/// Characters in the explanation of a permission or an attribute: one line of a page.
pub const EXPLANATION_CHARS_MAX: usize = 300;
/// Characters in the warning that is shown beside a secret.
pub const WARNING_CHARS_MAX: usize = 1_000;
/// Characters in the address of a page.
pub const URL_CHARS_MAX: usize = 2_000;
/// Secrets that one credential may hold at a time, where the service allows several.
pub const PARALLEL_SECRETS_MAX: u32 = 50;
/// Faults that a check of a catalogue lists before it stops: more are the consequence of one mistake.
pub const CATALOGUE_FAULTS_MAX: usize = 100;

/// Characters in the description of an application, the purpose of an organisation and the remark of a review.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// Characters in the reason that somebody gives for what they do.
pub const REASON_CHARS_MAX: usize = 300;
/// Characters in a postal address.
pub const ADDRESS_CHARS_MAX: usize = 300;
/// Characters in a tax id; the longest in use have about 20.
pub const TAX_ID_CHARS_MAX: usize = 40;
/// Organisations that one person may be a member of: more is somebody's script.
pub const MEMBERSHIPS_MAX: i64 = 100;
/// Members of one organisation.
pub const MEMBERS_MAX: i64 = 5_000;
/// Applications of one organisation.
pub const APPLICATIONS_MAX: i64 = 100_000;
/// Applications over which one member may hold grants of their own; whoever needs more is admin of the organisation.
pub const APPLICATION_GRANTS_MAX: usize = 1_000;
/// Applications that one invitation may name.
pub const INVITED_APPLICATIONS_MAX: usize = 100;
/// Open invitations of one organisation: each is a mail that somebody gets.
pub const INVITATIONS_OPEN_MAX: i64 = 100;
/// Invitations are counted over so long, withdrawn and accepted ones included: each was a mail.
pub const INVITATIONS_COUNTED: Span = Span::from_d(1);
/// Invitations that one organisation may make in [`INVITATIONS_COUNTED`].
pub const INVITATIONS_PER_DAY_MAX: i64 = 100;
/// The same while its review is a draft: anybody can register one.
pub const INVITATIONS_PER_DAY_DRAFT_MAX: i64 = 20;
/// Invitations that one address may get in [`INVITATIONS_COUNTED`], of all organisations, so that nobody fills somebody else's mailbox.
pub const INVITATIONS_PER_ADDRESS_MAX: i64 = 3;
/// An invitation can be accepted for so long.
pub const INVITATION_KEPT: Span = Span::from_d(7);
/// Management tokens of one organisation that are not revoked.
pub const MANAGEMENT_TOKENS_MAX: i64 = 100;
/// Bytes of a logo as it is given.
pub const LOGO_BYTES_MAX: usize = 200_000;
/// Width and height of a logo in pixels: it is shown at 64.
pub const LOGO_PIXELS_MAX: u32 = 1_024;
/// Bytes of a logo as it is kept after it was encoded anew, without the tricks of whoever made it small.
pub const LOGO_KEPT_BYTES_MAX: usize = 1_000_000;
/// Memory that decoding a logo may take.
pub const LOGO_MEMORY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Logos that are decoded at a time: however many people send one, the processors are there for others too.
pub const LOGO_DECODERS: usize = 2;
/// Whoever sends a logo waits so long for others, then is asked to come back.
pub const LOGO_WAIT_MS: u64 = 5_000;
/// Usage by the hour is kept so long, for charts.
pub const USAGE_HOURS_KEPT: Span = Span::from_d(30);

/// A link and a code to sign in with are good for this long: a mail may be slow, and a mailbox is not a place to keep keys.
pub const SIGN_IN_VALID: Span = Span::from_s(15 * 60);
/// Tries that a code allows; guessing one of 31⁸ in five tries is hopeless.
pub const SIGN_IN_TRIES_MAX: i64 = 5;
/// Mails to one address in [`SIGN_IN_VALID`] that one source may ask for: who asks elsewhere for somebody's address takes nothing from them.
pub const SIGN_IN_MAILS_HERE_MAX: i64 = 5;
/// Mails to one address in [`SIGN_IN_VALID`] from all sources, so that nobody fills somebody else's mailbox.
pub const SIGN_IN_MAILS_MAX: i64 = 20;
/// Sign-ins that one source address may ask for in [`SIGN_IN_VALID`]: an office behind one address, not a flood.
pub const SIGN_INS_PER_SOURCE_MAX: i64 = 60;
/// Characters of the path to which a sign-in returns.
pub const RETURN_TO_CHARS_MAX: usize = 300;
/// A session of the hub that is not used for this long has ended: a working day with its pauses.
pub const SESSION_IDLE: Span = Span::from_h(12);
/// A session of the hub ends after this long however much it is used.
pub const SESSION_KEPT: Span = Span::from_d(30);
/// That a session was used is put down at most this often, so that reading pages costs no write each.
pub const SESSION_SEEN_EVERY: Span = Span::from_s(60);
/// A person has signed in *freshly* for this long, which some acts ask for.
pub const SESSION_FRESH: Span = Span::from_s(5 * 60);
/// Life of an access token of the management API, in seconds.
pub const ACCESS_TOKEN_S: i64 = 3_600;
/// Characters that are kept of what a browser calls itself.
pub const AGENT_CHARS_MAX: usize = 200;
/// Sign-ins and mails that are over are kept this long, so that their page can say what happened to them.
pub const SIGN_IN_KEPT: Span = Span::from_d(1);
/// A challenge to prove possession of a private key over is good for this long: time to walk to the machine that holds the key.
pub const KEY_CHALLENGE: Span = Span::from_h(1);
/// Whoever has an RSA key made waits so long for others', then is asked to come back: one is made at a time, and takes up to some seconds.
pub const KEY_MAKING_WAIT_MS: u64 = 10_000;
/// RSA keys of one organisation that wait to be made: whoever asks for more at a time is asked to come back.
pub const KEY_MAKING_WAITING_MAX: usize = 16;
/// How nice the threads are that make RSA keys or explain signatures (0 to 19): whoever answers requests goes before it, and it still gets on where all processors are busy.
pub const KEY_MAKING_NICENESS: i32 = 5;
/// Repeats of a request with an `Idempotency-Key` are recognised for this long.
pub const IDEMPOTENCY_KEPT: Span = Span::from_h(24);
/// A call that has written nothing after this was left by a process that ended: a repeat does its work.
pub const CALL_RUNS_MAX: Span = Span::from_s(60);
/// An answer that shows a secret is given again for this long, to whoever repeats the call with its `Idempotency-Key`.
pub const SECRET_SHOWN_AGAIN: Span = Span::from_s(600);
/// Characters of an `Idempotency-Key`: fewer can be guessed, and the answer with the secret is sealed under it.
pub const IDEMPOTENCY_KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=255;
/// How long a form that is sent again waits for the answer to the first time, in milliseconds.
pub const FORM_REPEAT_WAIT_MS: u64 = 10_000;
/// How often it looks, in milliseconds.
pub const FORM_REPEAT_LOOK_MS: u64 = 100;
/// Whoever sends a mail has it for this long; then another node may.
pub const MAIL_LEASE: Span = Span::from_s(120);

/// Bytes of the method of a request that is asked about.
pub const METHOD_BYTES_MAX: usize = 32;
/// Bytes of its address.
pub const REQUEST_URL_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a body that the command line signs. It is held whole, and few gateways let a larger one through.
pub const SIGNED_BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Its headers.
pub const REQUEST_HEADERS_MAX: usize = 200;
/// How far the time at which a request was signed may be from the store's, either way; the design's 300 s.
pub const SIGNATURE_WINDOW_S: u32 = 300;
/// The same as a span.
pub const SIGNATURE_WINDOW: Span = Span::from_s(SIGNATURE_WINDOW_S as i64);
/// Nonces that one node remembers: as many as 25,000 signed requests a second leave behind. At most 64 bytes each.
pub const NONCES_MAX: usize = 16 * 1024 * 1024;
/// Public-key checks that may fail in a row for one credential and source before they are refused unseen, while the node has too many.
pub const FAILED_CHECKS: u32 = 100;
/// In which time that many are free again.
pub const FAILED_CHECKS_PER: Span = Span::from_s(10);
/// Failed public-key checks a second that a node takes from everybody together before it refuses any unseen: about a twentieth of a core.
pub const FAILED_CHECKS_OF_NODE: u32 = 1_000;

/// Bytes of the longest text that is read as a key or a certificate request. A private RSA key of 4096 bits has 3.3 KiB as PEM.
pub const KEY_TEXT_BYTES_MAX: usize = 16 * 1024;
/// Characters of the longest proof that a private key is held: 512 bytes in base64, with room for line breaks.
pub const PROOF_CHARS_MAX: usize = 1_024;
/// Bytes of the longest secret for HMAC: SHA-256's block. A longer one would be hashed first (RFC 2104 section 2), and no secret of ours is.
pub const MAC_SECRET_BYTES_MAX: usize = 64;
/// Bytes of the file from which the command line reads who signs: a public half with a PEM of the longest key fits.
pub const HOLDER_FILE_BYTES_MAX: usize = 65_536;
/// Bytes of the longest JWT that is looked at; a longer one is refused before anything in it is decoded.
pub const JWT_BYTES_MAX: usize = 8 * 1024;
/// Bytes of the longest `kid`. It is used to look a key up, so it must not be long.
pub const KEY_ID_BYTES_MAX: usize = 256;
/// Bytes of the longest opaque access token.
pub const OPAQUE_TOKEN_BYTES_MAX: usize = 512;
/// Bytes of `Signature-Input` and of `Signature` that are read: what servers commonly allow for a single header.
pub const SIGNATURE_HEADER_BYTES_MAX: usize = 8_192;
/// Milliseconds that a write waits at most for the verifier in its own process to know of it: that takes some twenty, and on a busy machine more. What is
/// handed out should work; longer than this, who waits for the answer thinks that it failed.
pub const KNOWN_HERE_MS: u64 = 1_000;
/// Bytes of covered fields that are read as structured ones (RFC 9421 sections 2.1.1 and 2.1.2) for one signature, before anything is proved.
pub const STRUCTURED_FIELD_BYTES_MAX: usize = 8_192;
/// Signatures of a request that are looked at: the client's own, and those of a few proxies on the way.
pub const SIGNATURES_MAX: usize = 8;
/// Components that a signature may cover: more than a request has parts worth covering, and few enough to be compared with each other.
pub const SIGNED_COMPONENTS_MAX: usize = 32;
/// Bytes of a nonce, of a key's name and of other texts in a signature's parameters: a nonce is kept for minutes and needs 16 random bytes, and no public
/// half is longer.
pub const SIGNATURE_TEXT_BYTES_MAX: usize = 256;
/// Parameters that one item of a structured field may have. No standard defines more than eight for anything.
pub const ITEM_PARAMETERS_MAX: usize = 16;
/// Bytes of `Content-Digest` that are read: sixteen times what both digests need.
pub const DIGEST_HEADER_BYTES_MAX: usize = 2_560;
/// Bytes of a signature in Yoti's header that are read: RSA with 8192 bits.
pub const YOTI_SIGNATURE_BYTES_MAX: usize = 1_024;
/// Bytes of a public key in Yoti's header that are read: RSA with 8192 bits and its frame.
pub const YOTI_KEY_BYTES_MAX: usize = 1_200;
/// Bytes of a pasted request that are read: one with its headers and a body worth looking at.
pub const PASTED_BYTES_MAX: usize = 262_144;
/// Headers of a pasted request that are read: what servers commonly allow.
pub const PASTED_HEADERS_MAX: usize = 100;
/// Signatures that are explained at a time: each may take a good part of a second of a processor, which is there for others too.
pub const EXPLAINING_MAX: usize = 2;
/// Whoever has one explained waits so long for others', then is asked to come back.
pub const EXPLAINING_WAIT_MS: u64 = 5_000;
/// Explanations of one organisation that are made or wait: one is made at a time, and whoever asks for more is asked to come back.
pub const EXPLAINING_PER_ORGANISATION_MAX: usize = 8;
/// Bytes of texts that are tried, all secrets and keys together, before trying ends: a usual request needs a hundredth of it.
pub const EXPLAINING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A check with a public key counts like so many bytes under a MAC.
pub const EXPLAINING_BYTES_PER_CHECK: usize = 16 * 1024;
/// Other applications of the organisation, and credentials of each of them in each environment, whose keys are tried where the right one does not fit.
pub const EXPLAINING_NEIGHBOURS_MAX: u32 = 8;

/// Life of an access token of the provider's API, unless the catalogue says otherwise.
pub const TOKEN_LIFE_DEFAULT: Span = Span::from_h(1);
/// Shorter than this, clients fetch tokens more often than they use them.
pub const TOKEN_LIFE_MIN: Span = Span::from_s(60);
/// A token that a resource server checks by itself cannot be ended: longer than a day is no comfort to anybody.
pub const TOKEN_LIFE_MAX: Span = Span::from_h(24);
/// How long caches may keep the key set; a new key is published this long before it signs.
pub const KEY_SET_MAX_AGE: Span = Span::from_s(300);
/// A signing key signs for this long; then its successor does.
pub const SIGNING_KEY_SIGNS: Span = Span::from_d(30);
/// Bytes of the body of a request to the OAuth 2 server: a client assertion has at most 8 KiB.
pub const OAUTH_BODY_BYTES_MAX: usize = 32 * 1024;
/// Parameters of such a request.
pub const OAUTH_PARAMETERS_MAX: usize = 50;
/// A client assertion expires at most so far ahead (RFC 7523 section 3).
pub const ASSERTION_LIFE: Span = Span::from_s(300);
/// How far the clock of whoever signs an assertion may be from the store's.
pub const ASSERTION_SKEW: Span = Span::from_s(30);
/// Tokens of one credential that are ended one by one at a time; beyond, all that were issued before are.
pub const ENDED_TOKENS_MAX: i64 = 1_000;
/// Initial access tokens of one application that can still be used: more is somebody's script.
pub const REGISTRATION_TOKENS_MAX: i64 = 100;
/// Clients that one initial access token may register.
pub const REGISTRATIONS_MAX: u32 = 1_000;
/// An initial access token is good for so long, unless its maker says otherwise.
pub const REGISTRATION_TOKEN_LIFE_DEFAULT: Span = Span::from_d(1);
/// It is a way in for whoever finds it: no longer than this.
pub const REGISTRATION_TOKEN_LIFE_MAX: Span = Span::from_d(90);
/// Characters of what a secret is said to be for.
pub const SECRET_DESCRIPTION_CHARS_MAX: usize = 100;

/// Bytes of a settings file; more is a mistake.
pub const SETTINGS_FILE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a file with a key or a certificate request.
pub const KEY_FILE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a text in which a leaked key is looked for.
pub const LEAK_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a file with a proof. A proof names every verifier, so its size grows with them.
pub const PROOF_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a request's head; room for a credential of the largest size and what proxies add. Longer ones, and more than a hundred headers
/// (hyper's own limit), are refused with 431.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Parts of a form: fields and files together.
pub const UPLOAD_PARTS_MAX: usize = 200;
