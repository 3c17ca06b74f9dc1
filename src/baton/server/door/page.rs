//! The denials as a section of docs/errors.md.

use std::fmt::Write as _;

use super::denial::{DOMAIN, Denial};

/// The section on who is turned away, made from the table.
#[must_use]
pub fn denials_page() -> String {
    let mut page = format!(
        "\n## Turned away at the gRPC door\n\n\
         The domain of these reasons is `{DOMAIN}`. Each denial is a line of the audit trail and counted by the metric \
         `grpc_denials`, both under its\nlabel. Who has no reason here is told nothing: the connection is closed.\n\n\
         | reason | label | gRPC code | when | way out |\n| --- | --- | --- | --- | --- |\n"
    );
    for denial in Denial::ALL {
        let row = denial.row();
        let (reason, code) = row
            .told
            .map(|told| (format!("`{}`", told.reason), format!("{:?}", told.code)))
            .unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {reason} | `{}` | {code} | {} | {} |", row.label, row.when, row.way_out);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Patience, admit::MOST_HEADER_BYTES},
        *,
    };

    #[test]
    fn the_limits_that_the_page_names_are_the_ones_in_force() {
        let Patience { opening, stranger, request, answer, age: _ } = Patience::default();
        let seconds = [
            (Denial::SlowOpening, opening),
            (Denial::Stranger, stranger),
            (Denial::SlowSender, request),
            (Denial::SlowReader, answer),
        ];
        for (denial, patience) in seconds {
            let when = denial.row().when;
            assert!(when.ends_with(&format!("within {} s", patience.as_secs())), "{when}");
        }
        let when = Denial::HeadersTooLarge.row().when;
        assert!(when.ends_with(&format!("than {} KiB", MOST_HEADER_BYTES / 1024)), "{when}");
    }
}
