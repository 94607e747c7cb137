//! The dashboard as its reader meets it: state, keys, what is then on the screen.

use super::testing::*;

#[tokio::test]
async fn dump() {
    let Ok(which) = std::env::var("DUMP") else { return };
    let (keys, size) = which.split_once('@').unwrap();
    let (w, h) = size.split_once('x').unwrap();
    let mut rig = Rig::start(
        if std::env::var("EMPTY").is_ok() { Ledger::empty() } else { Ledger::busy() },
        (w.parse().unwrap(), h.parse().unwrap()),
    );
    rig.see(&["stored"]).await;
    for key in keys.split_whitespace() {
        if let Some(text) = key.strip_prefix('"') {
            rig.write(text)
        } else {
            rig.press(key)
        }
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    }
    eprintln!("{}", text_of(&rig.cells()));
}
