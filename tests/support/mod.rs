//! What the tests of the whole program stand on: a terminal, a running program, a platform, and pictures.
//!
//! | file | idea |
//! | --- | --- |
//! | [`watched`] | a value others can wait on, so that no test sleeps |
//! | [`terminal`] | a program in a pseudo-terminal, and what its screen shows |
//! | [`grid`] | a screen as cells and as text |
//! | [`svg`], [`png`] | a screen as a picture |
//! | [`picture`] | a picture against the one on record |
//! | [`http`] | the little HTTP/1.1 that tests speak |
//! | [`program`] | `willcall serve` as a process |
//! | [`verbs`] | the program's other verbs, as a script uses them |
//! | [`webhooks`] | the webhooks that tests send |
//! | [`platform`] | the ticketing platform: a real HTTP server that answers as told |

// Every test binary takes in the whole of this and uses a part.
#![allow(dead_code, unreachable_pub)]

pub mod grid;
pub mod http;
pub mod picture;
pub mod platform;
pub mod png;
pub mod program;
pub mod svg;
pub mod terminal;
pub mod verbs;
pub mod watched;
pub mod webhooks;
