//! IN. Bytes from the network -> an authenticated, parsed submission, or a rejection. The only place that knows axum for webhooks.

pub mod submission;
