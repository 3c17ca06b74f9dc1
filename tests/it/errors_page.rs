//! docs/errors.md is made from the table of reasons.

use std::fs;

#[test]
fn the_page_of_errors_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    let made = baton_ninja_one::ninja_one::errors_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, &made).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == made,
        "docs/errors.md differs from the table: UPDATE_DOCS=1 cargo test writes it anew"
    );
}
