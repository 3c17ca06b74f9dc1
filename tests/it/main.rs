//! What the program promises, through its public doors. One module a promise; `support` holds the fakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test
#![allow(unreachable_pub)] // nothing outside sees any of this

mod demo;
mod door;
mod errors_page;
mod health;
mod layout;
mod metrics;
mod one_shot;
mod provisioning_accounts;
mod provisioning_actions;
mod provisioning_gates;
mod provisioning_grants;
mod rules;
mod serve_faults;
mod serve_life;
mod serve_settings;
mod serve_sync;
mod support;
mod wire_contract;
