//! Page tokens: a position in a listing, not a memory of it. They survive a restart and another replica, because a listing
//! is sorted by id and the next page is whatever comes after the id in the token.

use crate::baton::connector::ConnectorError;

/// The version of the form. A change of a listing's order needs a new one.
const FORM: &str = "n1";

/// The token of the page that follows the item with this id.
pub(super) fn after(listing: &str, id: i32) -> String {
    format!("{FORM}/{listing}/{id}")
}

/// The id after which a page begins; `None` for the first page.
pub(super) fn parse(listing: &str, token: &str) -> Result<Option<i32>, ConnectorError> {
    if token.is_empty() {
        return Ok(None);
    }
    let id = token
        .strip_prefix(FORM)
        .and_then(|rest| rest.strip_prefix('/')?.strip_prefix(listing)?.strip_prefix('/'))
        .and_then(|id| id.parse().ok().filter(|n: &i32| n.to_string() == id));
    id.map(Some).ok_or_else(|| ConnectorError::foreign_token(listing))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

    use super::*;

    #[test]
    fn a_token_leads_back_to_its_position() {
        assert_eq!(parse("user", &after("user", 42)).unwrap(), Some(42));
        assert_eq!(parse("grants-7", &after("grants-7", -1)).unwrap(), Some(-1));
        assert_eq!(parse("user", "").unwrap(), None);
    }

    #[test]
    fn a_token_of_another_listing_or_of_nobody_is_refused() {
        let foreign = [
            "42",
            "n1/role/42",
            "n1/user/",
            "n1/user/4 2",
            "n1/user/042",
            "n1/user/99999999999",
            "n2/user/1",
            "\0",
        ];
        for token in foreign {
            assert!(parse("user", token).is_err(), "{token}");
        }
    }
}
