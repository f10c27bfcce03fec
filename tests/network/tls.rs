//! Which versions of TLS there are, and sessions that are resumed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use emulator::{Fault, Options};
use libtest_mimic::Completion;
use trro::client::Client;
use trro::config::Config;
use trro::error::Status;

use crate::proxies::log;
use crate::support::{self, Outcome, missing};
use crate::{Service, call, call_with, file};

tests![
    a_service_that_speaks_tls_1_2_only_will_do,
    tls_1_3_is_preferred,
    an_answer_in_tls_1_1_is_refused,
    a_server_of_openssl_for_older_versions_only_is_refused,
    a_session_of_tls_1_3_is_resumed,
    a_session_of_tls_1_2_is_resumed,
];

fn service(tls_1_2_only: bool) -> Service {
    Service::named("localhost", Options { tls_1_2_only, ..Options::default() })
}

/// What the log says of the version.
fn version(service: &Service) -> String {
    let (log, told) = log();
    assert_eq!(call_with(Config { log, ..service.config() }), Ok(10));
    let told = told();
    let connected = told.lines().find(|line| line.starts_with("connected to ")).unwrap();
    connected.rsplit_once(", ").unwrap().1.to_owned()
}

fn a_service_that_speaks_tls_1_2_only_will_do() {
    assert_eq!(version(&service(true)), "TLS 1.2");
}

fn tls_1_3_is_preferred() {
    assert_eq!(version(&service(false)), "TLS 1.3");
}

/// The connection fails for good at this port of the loopback.
fn is_refused(port: u16) {
    let endpoint = format!("https://localhost:{port}");
    let trusted = service(false);
    let config = Config { endpoint: Some(&endpoint), max_attempts: Some(3), ..trusted.config() };
    let error = call_with(config).unwrap_err();
    assert_eq!((error.status, error.retryable, error.attempts), (Status::TlsFailed, false, 1), "{error}");
}

/// Record, handshake message, version, random numbers, no session, a cipher suite of that time, no compression.
fn server_hello_of_tls_1_1() -> Vec<u8> {
    let message = [&[3, 2][..], &[7; 32], &[0], &[0xC0, 0x13], &[0]].concat();
    let length = u8::try_from(message.len()).unwrap();
    [&[22, 3, 2, 0, length + 4, 2, 0, 0, length][..], &message].concat()
}

fn read_record(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; u16::from_be_bytes([head[3], head[4]]).into()];
    stream.read_exact(&mut body).ok()?;
    Some((head[0], body))
}

fn an_answer_in_tls_1_1_is_refused() {
    const HANDSHAKE: u8 = 22;
    const ALERT: u8 = 21;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(read_record(&mut stream).unwrap().0, HANDSHAKE);
        stream.write_all(&server_hello_of_tls_1_1()).unwrap();
        std::iter::from_fn(|| read_record(&mut stream)).map(|(kind, _)| kind).collect::<Vec<_>>()
    });
    is_refused(port);
    // Nothing but the alert: no key, and no request.
    assert_eq!(server.join().unwrap(), [ALERT]);
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that speaks one version, and its port.
fn openssl_server(openssl: &Path, version: &str) -> Option<(Running, u16)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (file(&made.cert.pem()), file(&made.signing_key.serialize_pem()));
    let mut command = Command::new(openssl);
    command.args(["s_server", "-accept", "127.0.0.1:0", version, "-cipher", "DEFAULT@SECLEVEL=0"]);
    command.args(["-cert", &certificate, "-key", &key]).stdin(Stdio::piped());
    let mut server = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let lines = BufReader::new(server.0.stdout.take()?).lines();
    let accepting = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned))?;
    let port = accepting.rsplit_once(':')?.1.parse().ok()?;
    Some((server, port))
}

fn a_server_of_openssl_for_older_versions_only_is_refused() -> Outcome {
    let Some(openssl) = support::find_tool("openssl") else {
        return missing("openssl is not installed");
    };
    for version in ["-tls1", "-tls1_1"] {
        let Some((_server, port)) = openssl_server(&openssl, version) else {
            return missing(&format!("openssl s_server knows no {version}, or no port of its own choice"));
        };
        let mut client = Command::new(&openssl);
        client.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), version, "-cipher", "DEFAULT@SECLEVEL=0"]);
        if !client.stdin(Stdio::null()).output()?.status.success() {
            return missing(&format!("openssl speaks no {version}"));
        }
        is_refused(port);
    }
    Ok(Completion::Completed)
}

/// Two calls of one client, between which the service closes the connection.
fn is_resumed(tls_1_2_only: bool) {
    let service = service(tls_1_2_only);
    let client = Client::new(service.config()).unwrap();
    service.emulator.misbehave_once(Fault::CloseAfterAnswer);
    for _ in 0..2 {
        assert_eq!(call(&client), Ok(10));
    }
    let statistics = service.emulator.statistics();
    assert_eq!((statistics.connections, statistics.resumed, statistics.requests.len()), (2, 1, 2));
}

fn a_session_of_tls_1_3_is_resumed() {
    is_resumed(false);
}

fn a_session_of_tls_1_2_is_resumed() {
    is_resumed(true);
}
