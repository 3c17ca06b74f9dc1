//! What NinjaOne lets the client app do: the token, each scope, each list that a sync or provisioning reads.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::{
    refused,
    report::{Finding, Outcome, Report},
};
use crate::ninja_one::{
    NinjaOne, Options,
    directory::DirectoryError,
    rest::{Client, ClientConfig, Error, ErrorKind},
};

/// The scopes that a client app can have, and what for.
const SCOPES: [(&str, &str); 3] =
    [("monitoring", "reading"), ("management", "writing"), ("control", "remote access")];

/// What was learned about the scopes.
pub(super) struct Rights {
    /// A client that has a token, with as many of the scopes asked for as there are.
    pub(super) client: Option<Client>,
    /// Why there is none.
    pub(super) why_not: String,
    /// The scopes of its token, as far as they are known.
    pub(super) scopes: Vec<String>,
}

/// Checks token and scopes.
pub(super) async fn check(config: &ClientConfig, report: &mut Report) -> Rights {
    let asked = match config.scopes.as_slice() {
        [] => "whatever the app has".to_owned(),
        scopes => scopes.join(" "),
    };
    let client = match Client::new(config.clone()) {
        Ok(client) => client,
        Err(error) => {
            report.say("token", Finding::broken(error.to_string(), "correct the setting that is named"));
            return Rights { client: None, why_not: "there is no token".to_owned(), scopes: Vec::new() };
        }
    };
    let token = client.token().await;
    let mut granted = Vec::new();
    let go_on = match &token {
        Ok(info) => {
            let lifetime = info.remaining.as_secs().div_ceil(60);
            let said = info.scopes.as_ref().map(|s| format!(", NinjaOne names the scopes {}", s.join(" ")));
            let saw = format!("granted for {lifetime} min with {asked}{}", said.unwrap_or_default());
            report.say("token", Finding::fine(saw));
            granted = info.scopes.clone().unwrap_or_else(|| config.scopes.clone());
            true
        }
        Err(error) => {
            report.say("token", refused(error));
            matches!(error.kind(), ErrorKind::ScopeNotGranted { .. })
        }
    };
    let has = scopes(config, go_on, report).await;
    if token.is_ok() {
        return Rights { client: Some(client), why_not: String::new(), scopes: granted };
    }
    // One scope too many fails the whole request: the rest is still worth a look.
    let rest: Vec<String> = config.scopes.iter().filter(|scope| has.contains(scope)).cloned().collect();
    let fewer = ClientConfig { scopes: rest.clone(), ..config.clone() };
    let client = (!rest.is_empty()).then(|| Client::new(fewer).ok()).flatten();
    Rights { client, why_not: "there is no token".to_owned(), scopes: rest }
}

/// One token request for each scope: NinjaOne refuses a request with a scope that the app was not given.
async fn scopes(config: &ClientConfig, possible: bool, report: &mut Report) -> Vec<String> {
    let mut has = Vec::new();
    for (scope, purpose) in SCOPES {
        let check = format!("scope {scope}");
        if !possible {
            report.say(check, Finding::skipped("there is no token to be had, see above"));
            continue;
        }
        let alone = ClientConfig { scopes: vec![scope.to_owned()], ..config.clone() };
        let token = match Client::new(alone) {
            Ok(client) => client.token().await,
            Err(error) => {
                report.say(check, Finding::skipped(error.to_string()));
                continue;
            }
        };
        if token.is_ok() {
            has.push(scope.to_owned());
        }
        let asked = config.scopes.is_empty() || config.scopes.iter().any(|s| s == scope);
        report.say(check, told(scope, purpose, asked, token.map(drop)));
    }
    has
}

fn told(scope: &str, purpose: &str, asked: bool, token: Result<(), Error>) -> Finding {
    let tick = format!("tick {scope} under Administration > Apps > API > Client App IDs");
    match token {
        Ok(()) if asked => Finding::fine(format!("the app has it ({purpose}), and it is asked for")),
        Ok(()) if scope == "monitoring" => Finding::odd(
            format!("the app has it ({purpose}), but it is not asked for"),
            "add monitoring to --ninja-one-scope: without it NinjaOne may refuse to list anything",
        ),
        Ok(()) => Finding::fine(format!("the app has it ({purpose}); it is not asked for")),
        Err(error) if matches!(error.kind(), ErrorKind::ScopeNotGranted { .. }) => match (scope, asked) {
            ("monitoring", _) => Finding::broken(
                format!("the app was not given it ({purpose}): nothing can be listed without it"),
                tick,
            ),
            (_, true) => Finding::broken(
                format!(
                    "the app was not given it ({purpose}), and it is asked for: that fails every token request"
                ),
                format!("{tick}, or leave it out of --ninja-one-scope"),
            ),
            ("management", false) => Finding::odd(
                format!("the app was not given it ({purpose})"),
                format!(
                    "{tick} and add it to --ninja-one-scope if this connector is to provision, or if roles cannot be read"
                ),
            ),
            _ => Finding::fine(format!(
                "the app was not given it ({purpose}); only needed if NinjaOne refuses to change role members without"
            )),
        },
        Err(error) => Finding { outcome: Outcome::Odd, ..refused(&error) },
    }
}

/// Checks every list, and in the end whether they make one whole.
pub(super) async fn lists(config: &ClientConfig, rights: &Rights, report: &mut Report) {
    let Some(client) = &rights.client else {
        for check in
            ["users", "technicians", "end users", "user roles", "organizations", "devices", "directory"]
        {
            report.say(check, Finding::skipped(rights.why_not.as_str()));
        }
        return;
    };
    report.say("users", users(client).await);
    let technicians = client.list_technicians(|| 0_u64, |n, _| count(n)).await;
    report.say("technicians", extra(technicians, "technicians"));
    let end_users = client.list_end_users(|| 0_u64, |n, _| count(n)).await;
    report.say("end users", extra(end_users, "end users"));
    report.say("user roles", roles(client).await);

    // A page will do: a tenant may have a hundred thousand devices.
    let one_page = ClientConfig { max_pages: 1, scopes: rights.scopes.clone(), ..config.clone() };
    let Ok(one_page) = Client::new(one_page) else { return };
    let seen = Arc::new(AtomicU32::new(0));
    let each = |seen: &Arc<AtomicU32>| {
        let seen = Arc::clone(seen);
        move || _ = seen.fetch_add(1, Ordering::Relaxed)
    };
    let next = each(&seen);
    let walked = one_page
        .list_organizations(
            || (),
            |(), _| {
                next();
                Ok(())
            },
        )
        .await;
    report.say("organizations", page(walked, &seen, "organizations", Outcome::Broken));
    let seen = Arc::new(AtomicU32::new(0));
    let next = each(&seen);
    let walked = one_page
        .list_devices(
            None,
            || (),
            |(), _| {
                next();
                Ok(())
            },
        )
        .await;
    report.say("devices", page(walked, &seen, "devices", Outcome::Odd));
    report.say("directory", directory(client).await);
}

fn count(n: &mut u64) -> Result<(), Error> {
    *n += 1;
    Ok(())
}

async fn users(client: &Client) -> Finding {
    let counted = client.list_users(
        true,
        || (0_u64, 0_u64),
        |(all, administrators), user| {
            *administrators += u64::from(user.administrator == Some(true));
            count(all)
        },
    );
    match counted.await {
        Ok((0, _)) => Finding::broken(
            "the list is empty, which no tenant's is",
            "check that the client app belongs to this tenant, and that nothing restricts what it may see",
        ),
        Ok((all, administrators)) => {
            Finding::fine(format!("{all} users, {administrators} of them System Administrators"))
        }
        Err(error) => refused(&error),
    }
}

/// A list that adds details to the users: a sync works without.
fn extra(list: Result<u64, Error>, what: &str) -> Finding {
    use ErrorKind as K;
    match list {
        Ok(count) => Finding::fine(format!("{count} {what}")),
        Err(error) => {
            let refusal = matches!(
                error.kind(),
                K::NotOffered
                    | K::NotFound
                    | K::Forbidden
                    | K::InsufficientPrivileges
                    | K::UserContextRequired
            );
            let finding = refused(&error);
            if refusal {
                Finding {
                    outcome: Outcome::Odd,
                    saw: format!("{}; a sync lacks details without", finding.saw),
                    ..finding
                }
            } else {
                finding
            }
        }
    }
}

async fn roles(client: &Client) -> Finding {
    let counted = client.list_user_roles(
        None,
        || (0_u64, 0_usize),
        |(roles, members), role| {
            *members += role.member_ids().map_or(0, |ids| ids.len());
            count(roles)
        },
    );
    match counted.await {
        Ok((roles, members)) => Finding::fine(format!("{roles} roles with {members} members")),
        Err(error) if *error.kind() == ErrorKind::NotOffered => {
            Finding { outcome: Outcome::Odd, ..refused(&error) }
        }
        Err(error) => refused(&error),
    }
}

fn page(walked: Result<(), Error>, seen: &AtomicU32, what: &str, otherwise: Outcome) -> Finding {
    let seen = seen.load(Ordering::Relaxed);
    match walked {
        Ok(()) => Finding::fine(format!("{seen} {what}")),
        Err(error) if matches!(error.kind(), ErrorKind::TooManyPages { .. }) => {
            Finding::fine(format!("{seen} {what} on the first page"))
        }
        Err(error) => Finding { outcome: otherwise, ..refused(&error) },
    }
}

/// What a sync does first, as it does it.
async fn directory(client: &Client) -> Finding {
    let connector = NinjaOne::new(client.clone(), &Options::default());
    match connector.directory().snapshot(None).await {
        Ok(snapshot) => {
            let roles = snapshot.roles_after(None).len();
            let saw = format!("the lists fit together: {} accounts, {roles} roles", snapshot.account_count());
            match snapshot.unknown_members() {
                0 => Finding::fine(saw),
                unknown => Finding::odd(
                    format!("{saw}; {unknown} role members are no users of this tenant"),
                    "nothing; they are left out of a sync and counted in its log",
                ),
            }
        }
        Err(error) => match &*error {
            DirectoryError::Rest(error) => refused(error),
            other => Finding::broken(
                other.to_string(),
                "run doctor again; if it stays, what the client app may see is restricted in NinjaOne",
            ),
        },
    }
}
