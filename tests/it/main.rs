//! What the program promises, through its public doors. One module a promise; `support` holds the fakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

mod layout;
mod rules;
mod wire_contract;
