//! The ticketing platform: a real HTTP server in a thread that answers as told and keeps what it was sent.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::http::{Headers, read_head};
use super::watched::Watched;

const LIMIT: Duration = Duration::from_secs(30);

/// A call the platform received.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body; `null` when it is no JSON.
    pub body: serde_json::Value,
}

/// What the platform does with a call.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers.
    Answer {
        /// Status code.
        status: u16,
        /// More headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
        /// How long it takes. The connection is closed without an answer when the platform goes away first.
        delay: Duration,
    },
    /// Takes the whole request, which must have a body, and resets the connection.
    Reset,
}

impl Reply {
    /// Answers at once, with an empty JSON object.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: "{}".to_owned(), delay: Duration::ZERO }
    }

    /// The same, later.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        match self {
            Self::Answer { status, headers, body, .. } => Self::Answer { status, headers, body, delay },
            Self::Reset => Self::Reset,
        }
    }

    /// The same, with this body.
    #[must_use]
    pub fn saying(self, text: &str) -> Self {
        match self {
            Self::Answer { status, headers, delay, .. } => {
                Self::Answer { status, headers, body: text.to_owned(), delay }
            }
            Self::Reset => Self::Reset,
        }
    }

    /// The same, with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

/// A running platform. Stops when dropped.
pub struct Platform {
    address: SocketAddr,
    shared: Arc<Shared>,
}

type Decide = Box<dyn Fn(&Call, usize) -> Reply + Send + Sync>;

struct Shared {
    decide: Decide,
    log: Watched<Log>,
    remembers: bool,
}

#[derive(Default)]
struct Log {
    calls: Vec<Call>,
    count: usize,
    closed: bool,
}

impl Platform {
    /// Does with each call what `decide` says, told the call and how many came before it.
    pub fn start(decide: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), decide)
    }

    /// The same, but what it was sent it forgets: there are no [`calls`](Self::calls).
    pub fn forgetful(decide: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(SocketAddr::from(([127, 0, 0, 1], 0)), false, Box::new(decide))
    }

    /// As [`start`](Self::start), at a given address.
    #[track_caller]
    pub fn start_at(address: SocketAddr, decide: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(address, true, Box::new(decide))
    }

    #[track_caller]
    fn serve(address: SocketAddr, remembers: bool, decide: Decide) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::new(Shared { decide, log: Watched::default(), remembers });
        let door = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if door.log.read(|log| log.closed) {
                    break;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&door)) else { continue };
                // A caller that goes away in the middle is the caller's business.
                std::thread::spawn(move || shared.serve(stream).ok());
            }
        });
        Self { address, shared }
    }

    /// Replies one after the other; the last one for ever after.
    #[track_caller]
    pub fn in_turn(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "a platform needs at least one reply");
        Self::start(move |_, before| replies[before.min(replies.len() - 1)].clone())
    }

    /// Accepts everything.
    pub fn accepting() -> Self {
        Self::start(|_, _| Reply::status(200))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to give as `--deliver-to`.
    pub fn url(&self) -> String {
        format!("http://{}/deliveries", self.address)
    }

    /// The calls so far, in the order they came.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.log.read(|log| log.calls.clone())
    }

    /// Waits until there have been at least so many calls.
    #[track_caller]
    pub fn wait_for_calls(&self, count: usize) -> Vec<Call> {
        let enough = self.shared.log.wait(LIMIT, |log| (log.calls.len() >= count).then(|| log.calls.clone()));
        enough.unwrap_or_else(|| panic!("waited {LIMIT:?} for {count} calls; there were {:#?}", self.calls()))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.shared.log.change(|log| log.closed = true);
        // Wakes the thread that waits for callers.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

impl Shared {
    /// Serves the calls of one connection until the caller closes it or one of them ends it.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(LIMIT))?;
        // One byte at a time: what is not read must stay with the system.
        let mut reader = BufReader::with_capacity(1, stream);
        loop {
            let (line, headers) = read_head(&mut reader)?;
            let length = headers.content_length().unwrap_or_default();
            let mut body = vec![0; length];
            // The last byte is only looked at until it is clear that there will be an answer: a socket closed with
            // unread bytes resets its connection.
            let (most, last) = body.split_at_mut(length.saturating_sub(1));
            reader.read_exact(most)?;
            if !last.is_empty() && reader.get_ref().peek(last)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let unread = last.len();

            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let call = Call { path, headers, body: serde_json::from_slice(&body).unwrap_or_default() };
            let before = self.log.change(|log| {
                log.calls.extend(self.remembers.then(|| call.clone()));
                log.count += 1;
                log.count - 1
            });
            let Reply::Answer { status, headers, body, delay } = (self.decide)(&call, before) else { return Ok(()) };
            if self.log.wait(delay, |log| log.closed.then_some(())).is_some() {
                return Ok(());
            }
            reader.read_exact(&mut vec![0; unread])?;
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
            reader.get_mut().write_all(answer.as_bytes())?;
        }
    }
}
