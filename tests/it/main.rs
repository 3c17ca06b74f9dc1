//! What the program promises, through its public doors. One module a promise; `support` holds the fakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test
#![allow(unreachable_pub)] // nothing outside sees any of this

mod canary;
mod command_line;
mod demo;
mod deploy_dashboards;
mod deploy_documents;
mod deploy_image;
mod deploy_manifests;
mod deploy_pods;
mod deploy_series;
mod deploy_settings;
mod deploy_start;
mod deploy_supply_chain;
mod deploy_systemd;
mod diff;
mod doctor;
mod door;
mod errors_page;
mod health;
mod layout;
mod metrics;
mod one_shot;
mod one_shot_writes;
mod provisioning_accounts;
mod provisioning_actions;
mod provisioning_deletions;
mod provisioning_gates;
mod provisioning_grants;
mod provisioning_histories;
mod rules;
mod serve_faults;
mod serve_life;
mod serve_settings;
mod serve_sync;
mod service_mode_debug_log;
mod service_mode_doors;
mod service_mode_life;
mod service_mode_sync;
mod service_mode_tasks;
mod show;
mod support;
mod telemetry_collector;
mod wire_contract;
