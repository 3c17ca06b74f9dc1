//! Canaries: every secret that the program is given, and every one that is handed out to it on the way, is planted, the real
//! binary is run in all its ways at its loudest, and everything that it leaves behind is searched for each of them in every form.
//!
//! To search one more stream, hand it to [`search::Caught::add`].

mod commands;
mod door;
mod failures;
mod place;
mod proof;
mod search;
mod service;

use self::{
    place::{Given, Place},
    search::Caught,
};
