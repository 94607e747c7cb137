//! A window that is being dragged changes its size many times a second. Each size would be drawn from the first cell on,
//! only to be wrong at once: what is drawn is the size at which it comes to rest.

use std::time::Duration;

use tokio::time::Instant;

use super::layout::Size;

/// A size at which nothing has changed for so long is the last one.
const REST: Duration = Duration::from_millis(50);

/// Where it never comes to rest, it is drawn all the same so long after it began.
const RESTLESS: Duration = Duration::from_secs(2);

/// A size that is still changing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resizing {
    size: Size,
    began: Instant,
    last: Instant,
}

impl Resizing {
    /// The terminal has told another size, after those before.
    pub(super) fn told(before: Option<Self>, size: Size, now: Instant) -> Self {
        Self { size, began: before.map_or(now, |before| before.began), last: now }
    }

    /// The last size that was told.
    pub(super) fn size(self) -> Size {
        self.size
    }

    /// When it is to be drawn.
    pub(super) fn due(self) -> Instant {
        (self.last + REST).min(self.began + RESTLESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_drawn_at_its_end_and_an_endless_one_now_and_then() {
        let start = Instant::now();
        let mut one = Resizing::told(None, (80, 24), start);
        assert_eq!(one.due(), start + REST);
        for step in 1..=1000_u16 {
            let now = start + Duration::from_millis(10) * step.into();
            assert_eq!(now >= one.due(), now >= start + RESTLESS, "{step}");
            one = Resizing::told(Some(one), (80 + step, 24), now);
        }
        assert_eq!((one.size(), one.due()), ((1080, 24), start + RESTLESS));
    }
}
