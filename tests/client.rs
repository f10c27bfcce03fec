//! The client against the emulator: what it sends, whom it believes, how long it takes, and what it never shows.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use emulator::{Emulator, Fault, Options, Request, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN};
use trro::api::{Devices, GetDevices};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::error::{Error, Status};

/// Room for the noise of a busy machine around a deadline.
const NOISE: Duration = Duration::from_millis(1500);

fn emulator(options: Options) -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..options }).unwrap()
}

fn config(endpoint: &str) -> Config<'_> {
    Config {
        credentials: Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap()),
        endpoint: Some(endpoint),
        // What a single attempt comes to; tests/retries.rs has what several do.
        max_attempts: Some(1),
        max_requests_per_s: Some(UNLIMITED),
        ..Config::default()
    }
}

fn call(client: &Client) -> Result<usize, Error> {
    let request = GetDevices { page_num: 1, page_size: 10, project_id: None, device_id: None };
    let answer = client.call(&request, None)?;
    let page: Devices<'_> = client.decode::<GetDevices<'_>>(&answer)?;
    Ok(page.devices.len())
}

/// What one call with this configuration sends.
fn sent(emulator: &Emulator, config: Config<'_>) -> Request {
    let client = Client::new(config).unwrap();
    assert_eq!(call(&client), Ok(10));
    emulator.statistics().requests.pop().unwrap()
}

/// A file with the emulator's certificate: its path.
fn ca_file(emulator: &Emulator) -> String {
    let port = emulator.url().rsplit_once(':').unwrap().1.to_owned();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{port}.pem"));
    std::fs::write(&path, emulator.ca_pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A client that trusts the emulator.
fn client(emulator: &Emulator) -> Client {
    let (url, ca_file) = (emulator.url(), ca_file(emulator));
    let ca_file = url.starts_with("https").then_some(ca_file.as_str());
    Client::new(Config { ca_file, ..config(&url) }).unwrap()
}

#[test]
fn a_request_has_the_headers_of_the_api() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let request = sent(&emulator, config(&url));
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.body, br#"{"PageNum":1,"PageSize":10}"#);
    let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-tc-action",
            "x-tc-language",
            "x-tc-timestamp",
            "x-tc-version"
        ]
    );
    assert_eq!(request.header("Host"), url.strip_prefix("http://"));
    assert_eq!(request.header("Content-Type"), Some("application/json"));
    assert_eq!(request.header("X-TC-Action"), Some("GetDevices"));
    assert_eq!(request.header("X-TC-Version"), Some("2022-03-25"));
    assert_eq!(request.header("X-TC-Language"), Some("en-US"));
    assert_eq!(request.header("User-Agent"), Some("libtrro/0.1.0"));
    let authorization = request.header("Authorization").unwrap();
    assert!(authorization.contains("SignedHeaders=content-type;host;x-tc-action,"), "{authorization}");
    assert!(authorization.contains("/trro/tc3_request,"), "{authorization}");
}

#[test]
fn region_language_and_user_agent_are_sent_as_configured() {
    let emulator = emulator(Options { region_required: true, ..Options::default() });
    let url = emulator.url();
    let request = sent(
        &emulator,
        Config {
            region: Some("ap-singapore".into()),
            language: Some("zh-CN"),
            user_agent: Some("truck/2.1 (fleet 7)"),
            ..config(&url)
        },
    );
    assert_eq!(request.header("X-TC-Region"), Some("ap-singapore"));
    assert_eq!(request.header("X-TC-Language"), Some("zh-CN"));
    assert_eq!(request.header("User-Agent"), Some("truck/2.1 (fleet 7)"));
}

#[test]
fn a_service_that_requires_a_region_says_so() {
    let emulator = emulator(Options { region_required: true, ..Options::default() });
    let error = call(&Client::new(config(&emulator.url())).unwrap()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::RequestRejected, "MissingParameter"));
    assert!(error.message.contains("Region"), "{error}");
}

#[test]
fn a_temporary_key_is_sent_with_its_token() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let credentials = Some(Credentials::new(TEMPORARY_SECRET_ID, SECRET_KEY, Some(TOKEN)).unwrap());
    let request = sent(&emulator, Config { credentials, ..config(&url) });
    assert_eq!(request.header("X-TC-Token"), Some(TOKEN));
}

#[test]
fn a_path_in_the_endpoint_changes_the_url_and_not_the_signature() {
    let emulator = emulator(Options::default());
    let url = format!("{}/tunnel/trro", emulator.url());
    assert_eq!(sent(&emulator, config(&url)).path, "/tunnel/trro");
}

#[test]
fn the_host_is_sent_and_signed_with_its_port_whatever_its_case() {
    let emulator = emulator(Options::default());
    let port = emulator.url().rsplit_once(':').unwrap().1.to_owned();
    let url = format!("http://LocalHost:{port}");
    assert_eq!(sent(&emulator, config(&url)).header("Host"), Some(format!("localhost:{port}").as_str()));
}

#[test]
fn ids_are_sent_as_json_whatever_they_hold() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    let id = "quote\" backslash\\ 车";
    let request = GetDevices { page_num: 1, page_size: 10, project_id: Some(id), device_id: Some(id) };
    assert!(client.call(&request, None).is_ok());
    let body: serde_json::Value = serde_json::from_slice(&emulator.statistics().requests[0].body).unwrap();
    assert_eq!((body["ProjectId"].as_str(), body["DeviceId"].as_str()), (Some(id), Some(id)));
}

#[test]
fn https_with_the_authority_of_a_file_works_on_one_connection() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let client = client(&emulator);
    for _ in 0..5 {
        assert_eq!(call(&client), Ok(10));
    }
    let statistics = emulator.statistics();
    assert_eq!((statistics.connections, statistics.requests.len()), (1, 5));
}

#[test]
fn an_authority_that_is_not_known_is_not_believed_and_gets_no_request() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let error = call(&Client::new(config(&emulator.url())).unwrap()).unwrap_err();
    assert_eq!(error.status, Status::TlsFailed);
    assert!(error.message.contains("ca_file"), "{error}");
    assert!(emulator.statistics().requests.is_empty());
}

#[test]
fn a_certificate_of_another_host_is_not_believed_and_gets_no_request() {
    let emulator =
        emulator(Options { tls: true, certificate_host: "elsewhere.example".to_owned(), ..Options::default() });
    let error = call(&client(&emulator)).unwrap_err();
    assert_eq!(error.status, Status::TlsFailed);
    assert!(error.message.contains("the endpoint"), "{error}");
    assert!(emulator.statistics().requests.is_empty());
}

#[test]
fn an_expired_certificate_is_not_believed_and_the_clock_is_named() {
    const DAY_S: i64 = 86_400;
    let emulator = emulator(Options { tls: true, clock_offset_s: -100 * DAY_S, ..Options::default() });
    let error = call(&client(&emulator)).unwrap_err();
    assert_eq!(error.status, Status::TlsFailed);
    assert!(error.message.contains("clock"), "{error}");
    assert!(error.retryable, "the clock may be right a moment later");
    assert!(emulator.statistics().requests.is_empty());
}

/// A refused answer drops the connections of all threads, with what is to be checked about them.
#[test]
fn an_answer_that_was_under_way_when_another_was_not_believed_is_not_believed_either() {
    const OUTSIDE_S: i64 = 91 * 86_400;
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let client = client(&emulator);
    emulator.set_clock_offset_s(OUTSIDE_S);
    emulator.misbehave_once(Fault::Late(Duration::from_millis(500)));
    std::thread::scope(|scope| {
        let late = scope.spawn(|| call(&client));
        while emulator.statistics().requests.is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(call(&client).unwrap_err().status, Status::TlsFailed);
        assert_eq!(late.join().unwrap().unwrap_err().status, Status::TlsFailed);
    });
    assert_eq!(client.clock_offset_ms(), None);
    emulator.set_clock_offset_s(0);
    assert_eq!(call(&client), Ok(10));
}

/// The late answer is not believed, and says nothing about the connections that were made after it was sent.
#[test]
fn an_answer_of_an_earlier_connection_takes_no_later_one_along() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let client = client(&emulator);
    emulator.set_clock_offset_s(91 * 86_400);
    emulator.misbehave_once(Fault::Late(Duration::from_millis(1000)));
    std::thread::scope(|scope| {
        let late = scope.spawn(|| call(&client));
        while emulator.statistics().requests.is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(call(&client).unwrap_err().status, Status::TlsFailed);
        emulator.set_clock_offset_s(0);
        assert_eq!(call(&client), Ok(10));
        assert_eq!(late.join().unwrap().unwrap_err().status, Status::TlsFailed);
    });
    let connections = emulator.statistics().connections;
    assert_eq!(call(&client), Ok(10));
    assert_eq!(emulator.statistics().connections, connections);
}

#[test]
fn a_connection_that_the_service_has_closed_is_replaced() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client(&emulator);
        emulator.misbehave_once(Fault::CloseAfterAnswer);
        assert_eq!(call(&client), Ok(10));
        while emulator.statistics().closed == 0 {
            std::thread::yield_now();
        }
        assert_eq!(call(&client), Ok(10), "tls: {tls}");
        assert_eq!(emulator.statistics().connections, 2);
    }
}

#[test]
fn a_call_goes_over_the_connection_that_was_made_ahead() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client(&emulator);
        for _ in 0..3 {
            assert_eq!(client.connect(None), Ok(()));
        }
        assert_eq!(emulator.statistics().requests.len(), 0, "tls: {tls}");
        assert_eq!(call(&client), Ok(10), "tls: {tls}");
        // It is kept now, and there is nothing to do.
        assert_eq!(client.connect(None), Ok(()));
        assert_eq!(call(&client), Ok(10), "tls: {tls}");
        assert_eq!(emulator.statistics().connections, 1, "tls: {tls}");
    }
}

#[test]
fn a_connection_made_ahead_that_the_service_has_closed_is_replaced() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::new(config(&url)).unwrap();
    assert_eq!(client.connect(None), Ok(()));
    drop(listener.accept().unwrap());
    let service = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let read = stream.read(&mut [0; 4096]).unwrap();
        let body = r#"{"Response":{"Num":0,"Devices":[],"RequestId":"r"}}"#;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        read
    });
    assert_eq!(call(&client), Ok(0));
    assert_ne!(service.join().unwrap(), 0);
}

#[test]
fn a_connection_ahead_is_made_again_after_the_last_one_was_closed() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    emulator.misbehave_once(Fault::Reset);
    assert_eq!(call(&client).unwrap_err().status, Status::ConnectFailed);
    assert_eq!(client.connect(None), Ok(()));
    while emulator.statistics().connections < 2 {
        std::thread::yield_now();
    }
    assert_eq!(call(&client), Ok(10));
    assert_eq!(emulator.statistics().connections, 2);
}

#[test]
fn a_connection_ahead_that_hangs_ends_at_its_deadline_and_is_named() {
    let (_listener, _waiting, port) = full_listener();
    let client = Client::new(config(&format!("http://127.0.0.1:{port}"))).unwrap();
    let start = Instant::now();
    let error = client.connect(Some(200)).unwrap_err();
    assert_eq!(error.status, Status::Timeout, "{error}");
    assert!(error.message.contains(&port.to_string()), "{error}");
    assert!(start.elapsed() < Duration::from_millis(200) + NOISE);
    assert_eq!(client.connect(Some(0)).unwrap_err().status, Status::InvalidArgument);
    client.cancel();
    assert_eq!(client.connect(None).unwrap_err().status, Status::Cancelled);
}

#[test]
fn a_service_that_cannot_prove_itself_is_no_connection_ahead() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let client = Client::new(config(&emulator.url())).unwrap();
    assert_eq!(client.connect(None).unwrap_err().status, Status::TlsFailed);
}

#[test]
fn an_answer_that_nobody_asked_for_is_never_given_to_the_next_request() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client(&emulator);
        emulator.misbehave_once(Fault::Unasked);
        assert_eq!(call(&client), Ok(10));
        while emulator.statistics().answered == 0 {
            std::thread::yield_now();
        }
        assert_eq!(call(&client), Ok(10), "tls: {tls}");
        assert_eq!(emulator.statistics().connections, 2, "the connection with the unasked answer was used again");
    }
}

#[test]
fn a_connection_that_breaks_inside_a_compressed_answer_is_a_broken_connection() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    emulator.misbehave_once(Fault::GzipCutOff);
    let error = call(&client).unwrap_err();
    assert_eq!((error.status, error.retryable), (Status::ConnectFailed, true), "{error}");
}

#[test]
fn a_token_has_no_largest_length() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let token = "t".repeat(40_000);
    let credentials = Some(Credentials::new(TEMPORARY_SECRET_ID, SECRET_KEY, Some(&token)).unwrap());
    let error = call(&Client::new(Config { credentials, ..config(&url) }).unwrap()).unwrap_err();
    assert_eq!(error.code, "AuthFailure.TokenFailure", "{error}");
    assert_eq!(emulator.statistics().requests[0].header("X-TC-Token"), Some(token.as_str()));
}

#[test]
fn an_id_has_no_largest_length() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client(&emulator);
        let id = "p".repeat(1_000_000);
        let request = GetDevices { page_num: 1, page_size: 10, project_id: Some(&id), device_id: None };
        assert!(client.call(&request, None).is_ok(), "tls: {tls}");
    }
}

#[test]
fn one_deadline_covers_an_answer_that_is_late_or_drips() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let client = Client::new(Config { deadline_ms: Some(300), ..config(&url) }).unwrap();
    for fault in [Fault::Late(Duration::from_secs(5)), Fault::Drip(Duration::from_millis(50))] {
        emulator.misbehave_once(fault.clone());
        let start = Instant::now();
        let error = call(&client).unwrap_err();
        let elapsed = start.elapsed();
        assert_eq!(error.status, Status::Timeout, "{fault:?}");
        assert!(elapsed >= Duration::from_millis(300) && elapsed < Duration::from_millis(300) + NOISE, "{elapsed:?}");
    }
}

#[test]
fn the_deadline_of_a_request_replaces_the_clients() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    emulator.misbehave_once(Fault::Late(Duration::from_secs(5)));
    let request = GetDevices { page_num: 1, page_size: 10, project_id: None, device_id: None };
    let start = Instant::now();
    assert_eq!(client.call(&request, Some(200)).unwrap_err().status, Status::Timeout);
    assert!(start.elapsed() < Duration::from_millis(200) + NOISE);
}

/// A listener whose queue is full: connections to it hang.
fn full_listener() -> (socket2::Socket, Vec<socket2::Socket>, u16) {
    let new = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let listener = new();
    listener.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..4)
        .map(|_| {
            let socket = new();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            socket
        })
        .collect();
    let port = address.as_socket().unwrap().port();
    (listener, waiting, port)
}

#[test]
fn a_connect_that_hangs_ends_at_its_timeout() {
    let (_listener, _waiting, port) = full_listener();
    let url = format!("http://127.0.0.1:{port}");
    let client = Client::new(Config { connect_timeout_ms: Some(200), ..config(&url) }).unwrap();
    let start = Instant::now();
    let error = call(&client).unwrap_err();
    assert_eq!(error.status, Status::Timeout, "{error}");
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(190) && elapsed < Duration::from_millis(200) + NOISE, "{elapsed:?}");
}

#[test]
fn a_handshake_that_stalls_ends_at_its_timeout() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let silent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Reads the hello and whatever comes until the client gives up.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let client = Client::new(Config { connect_timeout_ms: Some(200), ..config(&url) }).unwrap();
    let start = Instant::now();
    let error = call(&client).unwrap_err();
    assert_eq!(error.status, Status::Timeout, "{error}");
    assert!(start.elapsed() < Duration::from_millis(200) + NOISE);
    silent.join().unwrap();
}

#[test]
fn threads_share_a_client_and_its_connections() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(call(&client), Ok(10));
                }
            });
        }
    });
    assert_eq!(emulator.statistics().requests.len(), 200);
}

/// Every text that a caller, a log or a debugger may see, of calls that fail in every way, with a service that sends the
/// secrets back.
#[test]
fn a_secret_never_shows() {
    let secret_key = "s3cretKeyS3cretKeyS3cretKeyS3cre";
    let token = "t0kenT0kenT0kenT0ken";
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let mut seen = Vec::new();
    for fault in [
        "echo",
        "late:2000",
        "drip:50",
        "cut-off",
        "wrong-length",
        "not-json",
        "too-large:5000000",
        "status:500",
        "redirect",
        "reset",
        "throttled",
        "error:AuthFailure.SignatureFailure",
        "answer:{\"Response\":{\"Error\":{\"Code\":\"t0kenT0kenT0kenT0ken\",\"Message\":\"s3cretKeyS3cretKeyS3cretKeyS3cre\"},\"RequestId\":\"t0kenT0kenT0kenT0ken\"}}",
        "answer:{\"Response\":{\"RequestId\":{\"s3cretKeyS3cretKeyS3cretKeyS3cre\":1}}}",
        "answer:{\"Response\":{\"TotalCount\":\"s3cretKeyS3cretKeyS3cretKeyS3cre\"}}",
        "wrong-clock:100000",
    ] {
        let credentials = Credentials::new(SECRET_ID, secret_key, Some(token)).unwrap();
        seen.push(format!("{credentials:?}"));
        let client =
            Client::new(Config { credentials: Some(credentials), deadline_ms: Some(300), ..config(&url) }).unwrap();
        emulator.misbehave_once(fault.parse().unwrap());
        let error = call(&client).expect_err(fault);
        seen.push(format!("{error} {error:?} {client:?}"));
    }
    for key in [" padded", "trailing ", "line\nend", "", "non-ascii-\u{fc}"] {
        let error = Credentials::new(SECRET_ID, &format!("{secret_key}{key}"), Some(token));
        if let Err(error) = error {
            seen.push(format!("{error} {error:?}"));
        }
        let error = Credentials::new(SECRET_ID, secret_key, Some(&format!("{token}{key}")));
        if let Err(error) = error {
            seen.push(format!("{error} {error:?}"));
        }
    }
    assert!(seen.len() > 30);
    for text in seen {
        assert!(!text.contains(secret_key) && !text.contains(token), "{text}");
        assert!(!text.contains("Signature=") || text.contains("Signature=***"), "{text}");
    }
}
