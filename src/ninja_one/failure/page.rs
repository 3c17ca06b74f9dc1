//! The table as a page of the documentation.

use std::fmt::Write as _;

use super::reason::{Group, TABLE};

const HEAD: &str = "\
# What can go wrong

Made from the program's own tables of reasons; a test keeps the two equal (`UPDATE_DOCS=1 cargo test` writes it anew).

Every failure is a gRPC status with a `google.rpc.ErrorInfo` detail: its `reason` is stable, its `domain` is
`baton-ninja-one` unless a section says otherwise, its `metadata` has what goes with it (ids, NinjaOne's `request_id` and
`incident_id`). The message says what happened and the way out. `Unavailable` is for what may pass by itself; everything else
needs a person.

Before the connector is asked, every door checks the request against the contract (`InvalidArgument`), then the provisioning
switch (`FailedPrecondition`, `provisioning is not enabled`), then the ability (`Unimplemented`). These have no `ErrorInfo`: the
reference has none either.

Results that are no failures: granting what is held (`GrantAlreadyExists`), revoking what is not held
(`GrantAlreadyRevoked`), creating a login that is there (`already_exists`), deleting an account that is gone
(`ResourceDoesNotExist`). An account that was created but could not be put into every role asked for is `action_required`, with
what is missing; nothing is deleted behind anybody's back.
";

const SECTIONS: [(Group, &str, &str); 4] = [
    (Group::Refused, "Refused by the connector", "Nothing was sent."),
    (
        Group::Outcome,
        "Writes that did not simply work",
        "No write is ever repeated unless it is certain that it did not happen.",
    ),
    (
        Group::Answer,
        "Answers of NinjaOne",
        "For a write these mean that nothing was changed; an answer that leaves this open becomes `OUTCOME_UNKNOWN` \
         unless reading back settles it.",
    ),
    (Group::Directory, "Lists that cannot be trusted", "A sync fails rather than showing a smaller world."),
];

/// What docs/errors.md says of the connector, made from the table. The runtime's own reasons follow it there.
#[must_use]
pub fn errors_page() -> String {
    let mut page = HEAD.to_owned();
    for (group, title, intro) in SECTIONS {
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            page,
            "\n## {title}\n\n{intro}\n\n| reason | gRPC code | when | way out |\n| --- | --- | --- | --- |\n"
        );
        for row in TABLE.iter().filter(|row| row.group == group) {
            let _ = writeln!(page, "| `{}` | {:?} | {} | {} |", row.reason, row.code, row.when, row.way_out);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_its_section() {
        for group in Group::ALL {
            assert!(SECTIONS.iter().any(|(shown, ..)| *shown == group), "{group:?}");
        }
    }
}
