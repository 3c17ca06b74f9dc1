//! What the program promises, through its public doors. One module a promise; `support` holds the fakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test
#![allow(unreachable_pub)] // nothing outside sees any of this

mod demo;
mod diff;
mod doctor;
mod layout;
mod one_shot;
mod rules;
mod serve_faults;
mod serve_life;
mod serve_settings;
mod serve_sync;
mod show;
mod support;
mod wire_contract;
