//! Lines of JSON, none longer than a limit: neither side can make the other hold more than that.

use std::io::{self, Write};

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// Why there is no further line.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("a line of more than {most} bytes")]
    TooLong { most: usize },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The lines of a stream.
pub(super) struct Lines<R> {
    stream: R,
    most: usize,
    buffer: Vec<u8>,
    /// Up to here the buffer holds no line end.
    searched: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(stream: R, most: usize) -> Self {
        Self { stream, most, buffer: Vec::new(), searched: 0 }
    }

    /// The next line without its end; `None` when the stream is over, even in the middle of a line. Nothing is lost when
    /// this is cancelled.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        loop {
            if let Some(found) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(self.searched + found + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                self.searched = 0;
                line.pop();
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.searched > self.most {
                return Err(LineError::TooLong { most: self.most });
            }
            self.buffer.reserve(CHUNK);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// `value` as a line with its end; `None` when it would be longer than `most`.
pub(super) fn line(value: &impl Serialize, most: usize) -> Option<Vec<u8>> {
    let mut out = Bounded { bytes: Vec::new(), most };
    // These types fail to serialize only when the writer does.
    serde_json::to_writer(&mut out, value).ok()?;
    out.bytes.push(b'\n');
    Some(out.bytes)
}

struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + part.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_end_at_their_ends() {
        let mut lines = Lines::new(&b"one\n\ntwo\nhalf"[..], 8);
        assert_eq!(lines.next().await.unwrap(), Some(b"one".to_vec()));
        assert_eq!(lines.next().await.unwrap(), Some(b"".to_vec()));
        assert_eq!(lines.next().await.unwrap(), Some(b"two".to_vec()));
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_line_without_end_is_not_collected_for_ever() {
        let mut lines = Lines::new(tokio::io::repeat(b'x'), 100_000);
        assert!(matches!(lines.next().await, Err(LineError::TooLong { most: 100_000 })));
        assert!(lines.buffer.len() < 200_000);
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        assert_eq!(line(&"abc", 5), Some(b"\"abc\"\n".to_vec()));
        assert_eq!(line(&"abcd", 5), None);
    }
}
