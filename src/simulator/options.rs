//! How a simulator is set up. The defaults are the plain, well-behaved service; each switch is a known unknown.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use secrecy::SecretString;

use super::{generate::Size, tenant::Tenant};

/// Tells the time; tests bring their own.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Everything a simulator is started with.
#[derive(Clone)]
pub struct Options {
    /// The data. Default: the demo tenant, `Tenant::generate(&Size::default(), 1)`.
    pub tenant: Tenant,
    /// Where to listen. Default: `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// The only API application there is.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Scopes the application was given. Default: `monitoring management control`.
    pub granted_scopes: Vec<String>,
    /// Life of an access token. Default: an hour.
    pub token_lifetime: Duration,
    /// The clock for tokens, activities and `Retry-After` dates. Default: the system's.
    pub clock: Clock,
    /// Whether `/_simulator/...` is served. Default: no.
    pub control: bool,
    /// How many requests the log keeps; older ones are forgotten. Default: 100,000.
    pub log_limit: usize,
    /// What the real service leaves open.
    pub behaviour: Behaviour,
}

impl Options {
    /// The defaults with this tenant.
    pub fn with(tenant: Tenant) -> Self {
        Self { tenant, ..Self::bare() }
    }

    fn bare() -> Self {
        Self {
            tenant: Tenant::empty(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            client_id: "simulator-client".to_owned(),
            client_secret: SecretString::from("simulator-secret-7f3a"),
            granted_scopes: ["monitoring", "management", "control"].map(str::to_owned).to_vec(),
            token_lifetime: Duration::from_secs(3600),
            clock: Arc::new(SystemTime::now),
            control: false,
            log_limit: 100_000,
            behaviour: Behaviour::default(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::with(Tenant::generate(&Size::default(), 1))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("client_id", &self.client_id)
            .field("granted_scopes", &self.granted_scopes)
            .field("token_lifetime", &self.token_lifetime)
            .field("control", &self.control)
            .field("behaviour", &self.behaviour)
            .finish_non_exhaustive()
    }
}

/// The sides of the service that nobody outside has settled.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Serves `/oauth/token` besides `/ws/oauth/token`. Default: no.
    pub bare_token_path: bool,
    /// Each use of a refresh token gives a new one and spends the old one. Default: yes.
    pub rotate_refresh_tokens: bool,
    /// Status of a call whose token lacks the scope, 401 or 403. Default: 401.
    pub missing_scope_status: u16,
    /// Adding and removing members needs `control` besides `management`. Default: no.
    pub member_changes_need_control: bool,
    /// Reading user roles needs `management` besides `monitoring`. Default: no.
    pub role_reads_need_management: bool,
    /// Writing technicians needs a System Administrator. Default: no.
    pub technician_writes_need_administrator: bool,
    /// Whether a client-credentials token counts as a System Administrator. Default: no.
    pub machine_is_administrator: bool,
    /// Adding a member who is one, removing one who is not. Default: accepted.
    pub repeated_membership: Repeats,
    /// What a member change answers. Default: the role.
    pub member_answer: MemberAnswer,
    /// Memberships with these sources come back at once after a removal, which still answers as if it had worked.
    pub returning_sources: Vec<String>,
    /// A null property in a request is refused with 400. Default: yes.
    pub refuse_nulls: bool,
    /// Editing and deleting SCIM accounts is refused with 400. Default: yes.
    pub refuse_scim_writes: bool,
    /// A login may exist once only, without regard to case. Default: yes.
    pub unique_emails: bool,
    /// Paging of organizations, locations and devices.
    pub paging: Paging,
    /// Who is signed in at `/ws/oauth/authorize`. Default: the first enabled System Administrator.
    pub signed_in_user: Option<i32>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            bare_token_path: false,
            rotate_refresh_tokens: true,
            missing_scope_status: 401,
            member_changes_need_control: false,
            role_reads_need_management: false,
            technician_writes_need_administrator: false,
            machine_is_administrator: false,
            repeated_membership: Repeats::Accepted,
            member_answer: MemberAnswer::Role,
            returning_sources: Vec::new(),
            refuse_nulls: true,
            refuse_scim_writes: true,
            unique_emails: true,
            paging: Paging::default(),
            signed_in_user: None,
        }
    }
}

/// What happens to a change that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// 200, as if it had changed something.
    Accepted,
    /// 400.
    Refused,
}

/// The answer to a member change that worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberAnswer {
    /// 200 with the role after the change.
    Role,
    /// 200 without a body.
    Empty,
    /// 204.
    NoContent,
}

/// How the lists with `pageSize` and `after` behave.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    /// Page size when none is asked for. Default: 100.
    pub default_size: usize,
    /// Largest page given, whatever is asked for. Default: 1000.
    pub cap: usize,
    /// Order within a page. Default: by id.
    pub order: PageOrder,
    /// Whether the element named by `after` comes again. Default: no.
    pub after_inclusive: bool,
}

impl Default for Paging {
    fn default() -> Self {
        Self { default_size: 100, cap: 1000, order: PageOrder::ById, after_inclusive: false }
    }
}

/// The order of elements within one page; pages themselves always go up by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOrder {
    /// Smallest id first.
    ById,
    /// The largest id is never the last one, unless it is alone.
    Scattered,
}
