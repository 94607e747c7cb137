//! placeholder
#![allow(missing_docs)]
pub struct Options {
    pub who: String,
    pub clock: crate::config::Clock,
    pub no_color: bool,
}
pub async fn run(_: crate::engine::Handle, _: Options, s: impl Future) -> Result<(), std::io::Error> {
    s.await;
    Ok(())
}
