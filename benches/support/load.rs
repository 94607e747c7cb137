//! The load generator: keep-alive connections on one thread that waits with epoll, so that it takes little from the
//! server it shares the machine with.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::samples::Requests;

/// When the next request goes out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// As soon as a connection has its answer.
    Closed,
    /// At fixed moments, whether or not the server keeps up.
    Open {
        /// Requests in all connections together.
        per_second: u32,
    },
}

impl Pace {
    /// When request `number` is to go out.
    fn moment(self, number: u32, begin: Instant, now: Instant) -> Instant {
        match self {
            Self::Closed => now,
            Self::Open { per_second } => begin + Duration::from_secs(1) * number / per_second,
        }
    }
}

/// What the clients saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Requests that were sent; each was answered.
    pub(crate) sent: usize,
    /// Answers other than 200.
    pub(crate) refused: usize,
    /// Answers of 200 that came in time: from the moment the request was to go out (not: went out) to its end.
    pub(crate) latencies: Vec<Duration>,
    /// When each answer of 200 was read, and the number of the event that it named.
    pub(crate) kept: Vec<(Instant, u64)>,
}

/// A server that has not answered everything this long after the end hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Posts for `time`, then waits for what is still unanswered.
pub(crate) fn run(
    address: SocketAddr,
    connections: usize,
    pace: Pace,
    time: Duration,
    requests: &mut Requests,
) -> io::Result<Seen> {
    let mut load = Load::connect(address, connections)?;
    let begin = Instant::now();
    let end = begin + time;
    let mut number = 0;
    loop {
        let now = Instant::now();
        while now < end && !load.free.is_empty() && pace.moment(number, begin, now) <= now {
            load.send(pace.moment(number, begin, now), requests)?;
            number += 1;
        }
        if now < end {
            let next = if load.free.is_empty() { end } else { pace.moment(number, begin, now) };
            load.receive(next.min(end) - now, end)?;
        } else if load.free.len() == connections {
            return Ok(load.seen);
        } else if now > end + PATIENCE {
            return Err(io::Error::other("the server has stopped answering"));
        } else {
            load.receive(PATIENCE, end)?;
        }
    }
}

struct Load {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    connections: Vec<Connection>,
    /// Those that wait for no answer.
    free: VecDeque<usize>,
    request: Vec<u8>,
    seen: Seen,
}

struct Connection {
    stream: TcpStream,
    intended: Instant,
    answer: Vec<u8>,
}

impl Load {
    fn connect(address: SocketAddr, count: usize) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::with_capacity(count);
        for place in 0..count as u64 {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, epoll::EventData::new_u64(place), epoll::EventFlags::IN)?;
            connections.push(Connection { stream, intended: Instant::now(), answer: Vec::new() });
        }
        let (events, free) = (Vec::with_capacity(count), (0..count).collect());
        Ok(Self { epoll, events, connections, free, request: Vec::new(), seen: Seen::default() })
    }

    fn send(&mut self, intended: Instant, requests: &mut Requests) -> io::Result<()> {
        let Some(place) = self.free.pop_front() else { return Ok(()) };
        let connection = &mut self.connections[place];
        connection.intended = intended;
        requests.next(&mut self.request);
        self.seen.sent += 1;
        // A request is far shorter than a socket's buffer: one that does not fit is a fault worth hearing of.
        connection.stream.write_all(&self.request)
    }

    fn receive(&mut self, wait: Duration, end: Instant) -> io::Result<()> {
        let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
        self.events.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&wait))?;
        let now = Instant::now();
        for event in &self.events {
            let place = event.data.u64() as usize;
            let connection = &mut self.connections[place];
            let Some((status, seq)) = connection.receive()? else { continue };
            self.free.push_back(place);
            if status != 200 {
                self.seen.refused += 1;
                continue;
            }
            self.seen.kept.push((now, seq));
            if now < end {
                self.seen.latencies.push(now.saturating_duration_since(connection.intended));
            }
        }
        Ok(())
    }
}

impl Connection {
    /// The status of the answer and the number it names, if it has come in full.
    fn receive(&mut self) -> io::Result<Option<(u16, u64)>> {
        let mut buffer = [0; 1024];
        let count = self.stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::Error::other("the server has hung up"));
        }
        self.answer.extend_from_slice(&buffer[..count]);
        let complete = complete(&self.answer);
        if complete.is_some() {
            self.answer.clear();
        }
        Ok(complete)
    }
}

/// The status of an answer that is all there (headers, and as many bytes as `content-length` says), and the `seq` in it.
fn complete(answer: &[u8]) -> Option<(u16, u64)> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let seq = body.split_once("\"seq\":").and_then(|(_, rest)| rest.split(|one: char| !one.is_ascii_digit()).next());
    let seq = seq.and_then(|digits| digits.parse().ok()).unwrap_or_default();
    (body.len() >= length).then(|| Some((head.get(9..12)?.parse().ok()?, seq)))?
}
