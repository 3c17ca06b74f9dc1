//! The table of everything that this connector answers instead of doing what was asked: the stable reason, the gRPC code,
//! when it comes and the way out. Both the answers and docs/errors.md are made from it.

use tonic::Code;

/// What kind of reason it is; the sections of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// The connector refused before anything was sent.
    Refused,
    /// A write was sent and did not simply work.
    Outcome,
    /// NinjaOne, or something between here and there, answered with an error.
    Answer,
    /// The lists of a sync cannot be trusted.
    Directory,
}

#[cfg(test)]
impl Group {
    pub(crate) const ALL: [Self; 4] = [Self::Refused, Self::Outcome, Self::Answer, Self::Directory];
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Upper snake case, stable.
    pub(crate) reason: &'static str,
    pub(crate) code: Code,
    pub(crate) group: Group,
    pub(crate) when: &'static str,
    /// What a person can do.
    pub(crate) way_out: &'static str,
    /// Whether the failure's own text says it already.
    pub(crate) told: bool,
}

macro_rules! reasons {
    ($($group:ident { $($name:ident = $code:ident $reason:literal $told:ident $when:literal $way_out:literal;)* })*) => {
        /// A reason, one for each row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Reason { $($($name,)*)* }

        /// The table.
        pub(crate) const TABLE: &[Row] = &[$($(Row {
            reason: $reason,
            code: Code::$code,
            group: Group::$group,
            when: $when,
            way_out: $way_out,
            told: reasons!(@told $told),
        },)*)*];
    };
    (@told told) => { true };
    (@told add) => { false };
}

impl Reason {
    /// The row of this reason.
    pub(crate) fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

// `told`: the failure's own text has the way out; `add`: it is added to the text.
reasons! {
    Refused {
        UnknownRole = NotFound "UNKNOWN_ROLE" add
            "The role is not among the user roles that NinjaOne lists now"
            "sync again; if the role is new, check that the client app may see it";
        UnknownUser = NotFound "UNKNOWN_USER" add
            "The account is neither among the technicians nor among the end users"
            "sync again, the account may have been deleted";
        NotAUser = InvalidArgument "PRINCIPAL_NOT_A_USER" add
            "A role was to be given to, or taken from, something other than a user"
            "only resources of the type `user` can hold a role";
        UnknownEntitlement = InvalidArgument "UNKNOWN_ENTITLEMENT" add
            "The entitlement is not the `assigned` of the role that it names"
            "use the entitlement as the sync listed it: `role:<id>:assigned`";
        SystemAdministratorRole = FailedPrecondition "SYSTEM_ADMINISTRATOR_IS_NOT_A_ROLE" add
            "System Administrator was to be granted or revoked: it is a flag that no API call sets or clears"
            "change it in the NinjaOne console";
        RoleTypeMismatch = FailedPrecondition "ROLE_TYPE_MISMATCH" add
            "A technician was to get a role for end users, or the other way round"
            "choose a role of the account's own type";
        RoleTypeUnknown = FailedPrecondition "ROLE_TYPE_UNKNOWN" add
            "NinjaOne does not say whom the role is for, or in a word that this release does not know"
            "assign this role in the NinjaOne console, or upgrade the connector";
        MembersNotSent = DataLoss "ROLE_WITHOUT_MEMBERS" add
            "NinjaOne sent the role without its members, so nobody can say who holds it"
            "try again; if it stays, check in the NinjaOne console that the client app may see role members";
        ManagedMembership = FailedPrecondition "MEMBERSHIP_MANAGED_ELSEWHERE" add
            "The membership comes from SCIM or a group mapping, which may put it back. Its `source` decides: one that \
             contains `scim`, `mapping`, `mapped`, `saml`, `ldap` or `directory`, or has the word `group`, `sso`, `idp`, \
             `sync`, `synced`, `federated` or `provisioned` in it. Any other source, and none, can be revoked"
            "remove the person from the group at the identity provider, or set --allow-managed-revocation";
        InvalidAccount = InvalidArgument "INVALID_ACCOUNT" add
            "Fields of the account to be created are missing or wrong; all of them are named"
            "correct the fields; nothing was created";
        InvalidArguments = InvalidArgument "INVALID_ARGUMENTS" add
            "Arguments of an action are missing or wrong; all of them are named"
            "correct the arguments; nothing was changed";
        ProtectedAccount = FailedPrecondition "PROTECTED_ACCOUNT" add
            "The account is named in --protected-accounts, or may be: its e-mail is not told"
            "take it out of that setting if it really is to go";
        SystemAdministrator = FailedPrecondition "SYSTEM_ADMINISTRATOR" add
            "The account is a System Administrator, or NinjaOne does not say that it is none"
            "take the System Administrator flag away in the NinjaOne console first; deletions can also be allowed with \
             --allow-administrator-deletion";
        LastAdministrator = FailedPrecondition "LAST_ADMINISTRATOR" add
            "No other enabled System Administrator who has registered would remain"
            "make somebody else System Administrator first; no setting allows this";
        ScimManaged = FailedPrecondition "SCIM_MANAGED" add
            "The account belongs to SCIM, whose next push would undo the change"
            "change or remove the person at the identity provider";
        DeletionLimit = ResourceExhausted "DELETION_LIMIT" add
            "As many accounts as --deletion-limit allows were deleted within --deletion-window"
            "check that these deletions are wanted, then wait or raise the limit";
        DryRun = FailedPrecondition "DRY_RUN" add
            "--dry-run is on; the message is the request that would be sent, metadata has its method, path and body"
            "switch --dry-run off to let writes through";
        NoSuchArgument = InvalidArgument "NOT_FOR_THIS_USER_TYPE" add
            "An end user's field was to be changed on a technician"
            "organization_id and full_portal_access are for end users";
    }
    Outcome {
        OutcomeUnknown = Unavailable "OUTCOME_UNKNOWN" add
            "The answer to a write was lost, and reading back does not show it done, or does not work either"
            "ask again later: the connector reads first and repeats nothing that was done";
        NotEffective = Aborted "NOT_EFFECTIVE" add
            "NinjaOne accepted a write, but reading back shows the old state"
            "look at the account in the NinjaOne console; a group mapping or SCIM may have put the old state back";
        PartlyDone = Aborted "PARTLY_DONE" add
            "Some of several writes worked; the message names what is done and what is missing"
            "deal with what is missing, then ask again: what is done is not repeated";
        CutOff = Internal "CUT_OFF" add
            "The task that carried the write out died"
            "ask again: the connector reads first; report the log to the maintainers";
    }
    Answer {
        WrongRegionOrClient = Unauthenticated "WRONG_REGION_OR_CLIENT" told
            "The token endpoint does not know the client id"
            "set --ninja-one-base-url to the host you sign in to and check --ninja-one-client-id";
        TokenPathNotFound = FailedPrecondition "TOKEN_PATH_NOT_FOUND" told
            "The host has no token endpoint at the path"
            "check --ninja-one-base-url";
        InvalidClient = Unauthenticated "INVALID_CLIENT" told
            "NinjaOne refuses the client's credentials"
            "check --ninja-one-client-secret and the app's platform and grant";
        InvalidGrant = Unauthenticated "INVALID_GRANT" told
            "The refresh token is dead"
            "sign in again";
        ScopeNotGranted = PermissionDenied "SCOPE_NOT_GRANTED" told
            "A scope was asked for that the app was not given"
            "tick it in NinjaOne or ask for fewer with --ninja-one-scope";
        TokenRefused = Unauthenticated "TOKEN_REFUSED" told
            "NinjaOne refuses to issue a token for another reason"
            "check credentials and scopes";
        NotAuthenticated = Unauthenticated "NOT_AUTHENTICATED" told
            "NinjaOne does not accept the token, not even a new one"
            "check that the client app is still active; member changes may also need the scope control";
        InsufficientPrivileges = PermissionDenied "INSUFFICIENT_PRIVILEGES" told
            "The token lacks a scope or privilege"
            "give the app the scopes monitoring and management, and control for member changes, and list them in \
             --ninja-one-scope";
        UserContextRequired = PermissionDenied "USER_CONTEXT_REQUIRED" told
            "The call needs a token that acts as a user"
            "use a client app of the platform \"Web\" and its refresh token";
        NotASystemAdministrator = PermissionDenied "NOT_A_SYSTEM_ADMINISTRATOR" told
            "Technicians are written only by a caller who counts as a System Administrator"
            "give the app the scope management; if that does not help, use the refresh token of a System Administrator \
             (a client app of the platform \"Web\")";
        Forbidden = PermissionDenied "FORBIDDEN" told
            "NinjaOne forbids the call"
            "give the app the scopes monitoring and management, and control for member changes";
        NotFound = NotFound "NOT_FOUND" add
            "The object is not there"
            "sync again, it may have been deleted";
        NotOffered = Unimplemented "NOT_OFFERED" add
            "This NinjaOne instance lacks the call; older releases have no user roles"
            "ask NinjaOne when the instance is upgraded";
        Rejected = InvalidArgument "REJECTED" add
            "NinjaOne refused the content of the request; its own words are in the message"
            "correct what they name";
        Throttled = Unavailable "THROTTLED" told
            "NinjaOne throttles, and did so through all attempts"
            "try again later, or lower --ninja-one-max-in-flight";
        Gateway = Unavailable "GATEWAY" add
            "Something in front of NinjaOne answered"
            "try again later";
        ServerError = Unavailable "SERVER_ERROR" add
            "NinjaOne failed"
            "try again later; give NinjaOne's support the incident id";
        UnexpectedStatus = Unknown "UNEXPECTED_STATUS" add
            "A status that the API does not use"
            "check --ninja-one-base-url and any proxy between here and NinjaOne";
        Timeout = Unavailable "TIMEOUT" add
            "NinjaOne did not answer in time"
            "try again later, or raise --ninja-one-read-timeout or --http-timeout-seconds";
        Connect = Unavailable "CONNECT" told
            "No connection"
            "check --ninja-one-base-url, DNS, firewall and the proxy variables";
        Tls = FailedPrecondition "TLS" told
            "No trusted TLS connection"
            "name the certificate authority of an inspecting proxy in --ninja-one-ca-file";
        Redirect = FailedPrecondition "REDIRECT" told
            "The host redirects, which is never followed"
            "set --ninja-one-base-url to the host itself";
        Truncated = Unavailable "TRUNCATED" add
            "The answer was cut off"
            "try again later";
        EmptyAnswer = DataLoss "EMPTY_ANSWER" add
            "Nothing came where data was expected"
            "try again later; if it stays, report it";
        BodyTooLarge = FailedPrecondition "BODY_TOO_LARGE" add
            "The answer is larger than any tenant's"
            "check --ninja-one-base-url and any proxy between here and NinjaOne";
        Decode = DataLoss "DECODE" add
            "The answer has another shape than NinjaOne's"
            "check --ninja-one-base-url; report it with the message";
        TooManyPages = DataLoss "TOO_MANY_PAGES" add
            "A list does not end"
            "report it with the message";
        InvalidRequest = Internal "INVALID_REQUEST" add
            "A request that would be wrong was not sent"
            "report it with the message";
        Shutdown = Unavailable "SHUTDOWN" add
            "The process is shutting down"
            "ask again";
    }
    Directory {
        UserListEmpty = DataLoss "USER_LIST_EMPTY" add
            "The user list is empty, although every tenant has an administrator"
            "check what the client app may see";
        UserListTruncated = DataLoss "USER_LIST_TRUNCATED" add
            "The user list lacks accounts that other lists have"
            "try again; if it stays, report it";
        RolesWithoutMembers = DataLoss "ROLES_WITHOUT_MEMBERS" add
            "Accounts hold roles that came without their members"
            "check what the client app may see";
        AdministratorsUnknown = DataLoss "ADMINISTRATORS_UNKNOWN" add
            "No account says whether it is a System Administrator"
            "check what the client app may see; if it may see everybody, report it";
        RolesVanished = DataLoss "ROLES_VANISHED" add
            "Roles were there before and are now said not to exist"
            "check that --ninja-one-base-url still points at the same instance";
        FetchCutOff = Internal "FETCH_CUT_OFF" add
            "The task that read the lists died"
            "try again; report the log to the maintainers";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_says_when_and_what_to_do_and_no_name_is_used_twice() {
        let names: BTreeSet<_> = TABLE.iter().map(|row| row.reason).collect();
        assert_eq!(names.len(), TABLE.len());
        for row in TABLE {
            assert!(!row.when.is_empty() && !row.way_out.is_empty(), "{}", row.reason);
            let stable = row.reason.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            assert!(stable, "{}", row.reason);
        }
        assert_eq!(Reason::UnknownRole.row().reason, "UNKNOWN_ROLE");
        assert_eq!(Reason::FetchCutOff.row().reason, "FETCH_CUT_OFF");
    }
}
