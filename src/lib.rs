//! willcall: the window at a box office where a paid ticket waits for its new owner.
//!
//! The modules stand in the order of the data's way; each may import only those above it
//! (`tests/architecture.rs` keeps that true).
//!
//! ```text
//! In:       http -> auth -> parse -> Submission -> writer: decide -> journal append + fdatasync -> store apply -> 2xx
//! Out:      worker sees due delivery -> `attempt started` recorded -> target -> outcome -> writer -> same tail
//! Operator: key -> Action -> update -> Effect::Command -> Handle -> writer -> same tail
//! Show:     change tick -> dirty -> page(query) -> view(model, page)
//! ```
//!
//! Nobody but the writer writes. Every change is a record, and everything that can be asked is a fold of records.

#![forbid(unsafe_code)]

// WORDS: ids, events and their payloads, the delivery state machine, retry policy. Pure.
pub mod domain;

// SETTINGS: file, environment and flags into one checked value.
pub mod config;

// IN: bytes from the network -> authenticated, parsed submission, or a rejection.
pub mod ingest;

// KEEP: records <-> append-only segment files. The truth.
pub mod journal;

// FIND: sled; everything derived from records, ready to be asked.
pub mod store;

// DECIDE: the one writer, and the door to it.
pub mod engine;

// OUT: due work -> target -> outcome.
pub mod delivery;

// REMOTE: the same door over a Unix socket.
pub mod control;

// SHOW: the dashboard.
pub mod ui;

// VERBS: one file a subcommand.
pub mod cli;
