//! The little HTTP/1.1 that tests speak: one message a connection, bodies with `Content-Length` or up to the end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

/// Header names, in small letters, and values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

/// What a server said.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// The body, as text.
    pub body: String,
}

impl Headers {
    /// The value of a header, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// How long the body says it is.
    pub fn content_length(&self) -> Option<usize> {
        self.get("content-length")?.parse().ok()
    }
}

impl Response {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }
}

/// Posts JSON.
#[track_caller]
pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let headers: Vec<_> = [("content-type", "application/json")].iter().chain(headers).copied().collect();
    request(address, "POST", path, &headers, body.as_bytes()).unwrap_or_else(|error| panic!("POST {path}: {error}"))
}

/// Gets.
#[track_caller]
pub fn get(address: SocketAddr, path: &str) -> Response {
    request(address, "GET", path, &[], b"").unwrap_or_else(|error| panic!("GET {path}: {error}"))
}

/// A port nobody listens on just now, for a program that can't say which one it got. Another process may take it first; the
/// system hands the same one out again only after all others, so that hardly happens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound address").port()
}

/// Waits until somebody listens.
#[track_caller]
pub fn wait_for_listener(address: SocketAddr) {
    let deadline = Instant::now() + LIMIT;
    while let Err(error) = TcpStream::connect_timeout(&address, LIMIT) {
        assert!(Instant::now() < deadline, "nobody listens on {address}: {error}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a request and reads the answer.
///
/// # Errors
/// When the connection fails, or stays silent too long.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    // A server may answer and close before it has read everything; its answer is what counts.
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));

    let mut reader = BufReader::new(stream);
    let (line, headers) = match read_head(&mut reader) {
        Ok(head) => head,
        Err(error) => return sent.and(Err(error)),
    };
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status in {line:?}")))?;
    let mut body = Vec::new();
    match headers.content_length() {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        None => _ = reader.read_to_end(&mut body)?,
    }
    Ok(Response { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Reads the first line and the headers of a message.
///
/// # Errors
/// When the connection ends or fails before the empty line.
pub fn read_head(reader: &mut impl BufRead) -> io::Result<(String, Headers)> {
    let first = read_line(reader)?;
    let mut headers = Headers::default();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok((first, headers));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| io::Error::other(format!("no header: {line:?}")))?;
        headers.0.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    match reader.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}
