//! IN. Bytes from the network -> an authenticated, parsed submission, or a rejection. The only place that knows axum for webhooks.
//!
//! A request passes these in order, and each may turn it away: path, method, authentication as far as the headers
//! allow, length, body within its time, authentication of the body, reading it, keeping it. 2xx means kept.
//!
//! | file | idea |
//! | --- | --- |
//! | `submission` | what is handed on, and the door it goes through |
//! | `answer` | every answer: status, code, sentence |
//! | `auth` | whether a request is from who it should be |
//! | `throttle` | who has failed to say so too often |
//! | `door` | what was turned away |
//! | `routes` | one request -> one answer |
//! | `server` | connections, and the time they may take |

pub mod submission;

pub mod answer;
pub mod auth;
pub mod door;
pub mod throttle;

pub mod routes;
pub mod server;

#[cfg(test)]
mod tests;

pub use door::Door;
pub use server::serve;
