//! docs/errors.md is made from the tables of reasons: first what the connector answers, then what the door does.

use baton_ninja_one::{
    baton::server::{Denial, denials_page},
    ninja_one::errors_page,
};

use crate::support::reference_page;

#[test]
fn the_page_of_errors_is_the_tables() {
    reference_page("docs/errors.md", &(errors_page() + &denials_page()));
}

#[test]
fn every_denial_has_its_row_with_when_it_comes_and_the_way_out() {
    let page = denials_page();
    for denial in Denial::ALL {
        let label = format!("| `{}` |", denial.label());
        let rows: Vec<_> = page.lines().filter(|line| line.contains(&label)).collect();
        assert_eq!(rows.len(), 1, "{denial:?}");
        let cells: Vec<_> = rows[0].split('|').map(str::trim).collect();
        assert!(cells[4].len() > 20 && cells[5].len() > 20, "{}", rows[0]);
    }
}
