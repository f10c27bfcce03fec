//! The role of a cloud instance as what signs: when the metadata service is asked, how long it is waited for, and what
//! becomes of a call without it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use emulator::{
    Emulator, Metadata, MetadataFault, MetadataOptions, Options, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN,
};
use trro::api::{Devices, GetDevices};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::error::{Error, Status};

/// Room for the noise of a busy machine around a deadline.
const NOISE: Duration = Duration::from_millis(1500);
/// How long the metadata service is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// The service, and the metadata service of the instance.
struct Cloud {
    service: Emulator,
    metadata: Metadata,
    role: String,
    urls: (String, String),
}

impl Cloud {
    fn new(options: MetadataOptions) -> Cloud {
        let role = options.role.clone();
        let service = Emulator::start(Options { requests_per_s: 0, ..Options::default() }).unwrap();
        let metadata = Metadata::start(options).unwrap();
        let urls = (service.url(), metadata.url());
        Cloud { service, metadata, role, urls }
    }

    fn misbehaving(fault: MetadataFault) -> Cloud {
        Cloud::new(MetadataOptions { fault: Some(fault), ..MetadataOptions::default() })
    }

    fn giving_credentials_for_s(lifetime_s: i64) -> Cloud {
        Cloud::new(MetadataOptions { lifetime_s, ..MetadataOptions::default() })
    }

    fn config(&self) -> Config<'_> {
        config(&self.role, &self.urls)
    }

    fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }

    /// How often the metadata service and the service were asked.
    fn requests(&self) -> (usize, usize) {
        (self.metadata.requests(), self.service.statistics().requests.len())
    }
}

/// Asks for the role, and for nothing else.
fn config<'a>(role: &'a str, (service, metadata): &'a (String, String)) -> Config<'a> {
    Config {
        cvm_role: Some(role),
        metadata_endpoint: Some(metadata),
        endpoint: Some(service),
        max_attempts: Some(1),
        max_requests_per_s: Some(UNLIMITED),
        ..Config::default()
    }
}

fn permanent() -> Credentials {
    Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap()
}

/// The number of rows, and of attempts.
fn call(client: &Client) -> Result<(usize, u32), Error> {
    let request = GetDevices { page_num: 1, page_size: 10, project_id: None, device_id: None };
    let answer = client.call(&request, None)?;
    let page: Devices<'_> = client.decode::<GetDevices<'_>>(&answer)?;
    Ok((page.devices.len(), answer.attempts))
}

/// No credentials can be had, so that nothing is sent; the message names the role and holds no secret.
#[track_caller]
fn fails(cloud: &Cloud, config: Config<'_>) -> Error {
    let error = call(&Client::new(config).unwrap()).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::CredentialsFailed, 0), "{error}");
    assert!(error.message.contains("role"), "{error}");
    assert!(!error.message.contains(SECRET_KEY) && !error.message.contains(TOKEN), "{error}");
    assert!(cloud.service.statistics().requests.is_empty());
    error
}

#[test]
fn the_credentials_of_the_role_sign_with_their_token() {
    let cloud = Cloud::new(MetadataOptions::default());
    assert_eq!(call(&cloud.client()), Ok((10, 1)));
    let request = cloud.service.statistics().requests.pop().unwrap();
    assert_eq!(request.header("X-TC-Token"), Some(TOKEN));
    assert!(request.header("Authorization").unwrap().contains(TEMPORARY_SECRET_ID));
}

#[test]
fn they_are_asked_for_by_the_first_call_and_kept() {
    let cloud = Cloud::new(MetadataOptions::default());
    let client = cloud.client();
    assert_eq!(cloud.requests(), (0, 0));
    for calls in 1..=3 {
        assert_eq!(call(&client), Ok((10, 1)));
        assert_eq!(cloud.requests(), (1, calls));
    }
}

#[test]
fn threads_that_need_them_at_once_ask_once() {
    let cloud = Cloud::misbehaving(MetadataFault::Late(Duration::from_millis(200)));
    let client = cloud.client();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(call(&client), Ok((10, 1))));
        }
    });
    assert_eq!(cloud.requests(), (1, 8));
}

#[test]
fn they_are_asked_for_again_in_the_minute_before_they_expire() {
    for (lifetime_s, asked) in [(30, 3), (3600, 1)] {
        let cloud = Cloud::giving_credentials_for_s(lifetime_s);
        let client = cloud.client();
        for _ in 0..3 {
            assert_eq!(call(&client), Ok((10, 1)));
        }
        assert_eq!(cloud.requests(), (asked, 3), "valid for {lifetime_s} s");
    }
}

#[test]
fn a_refused_token_is_replaced_at_once() {
    let cloud = Cloud::new(MetadataOptions::default());
    let client = Client::new(Config { max_attempts: Some(2), ..cloud.config() }).unwrap();
    assert_eq!(call(&client), Ok((10, 1)));
    cloud.service.set_token("another");
    cloud.metadata.set_token("another");
    assert_eq!(call(&client), Ok((10, 2)));
    assert_eq!(call(&client), Ok((10, 1)));
    assert_eq!(cloud.requests(), (2, 4));
}

#[test]
fn a_metadata_service_that_is_gone_counts_for_nothing_while_earlier_credentials_hold() {
    let Cloud { service, metadata, role, urls } = Cloud::giving_credentials_for_s(30);
    let client = Client::new(config(&role, &urls)).unwrap();
    assert_eq!(call(&client), Ok((10, 1)));
    drop(metadata);
    assert_eq!(call(&client), Ok((10, 1)));
    assert_eq!(service.statistics().requests.len(), 2);
}

#[test]
fn another_source_is_never_given_up_for_the_role() {
    let cloud = Cloud::new(MetadataOptions::default());
    let failing = || Err(Error::new(Status::CredentialsFailed, "the function knows no role"));
    fails(&cloud, Config { credentials_fn: Some(Box::new(failing)), ..cloud.config() });
    let given = Config { credentials: Some(permanent()), ..cloud.config() };
    let asked = Config { credentials_fn: Some(Box::new(|| Ok(permanent()))), ..cloud.config() };
    for config in [given, asked] {
        assert_eq!(call(&Client::new(config).unwrap()), Ok((10, 1)));
    }
    assert_eq!(cloud.metadata.requests(), 0);
}

#[test]
fn a_role_that_is_not_asked_for_is_never_used() {
    let cloud = Cloud::new(MetadataOptions::default());
    let error = Client::new(Config { cvm_role: None, ..cloud.config() }).unwrap_err();
    assert_eq!(error.status, Status::NoCredentials);
    assert_eq!(cloud.requests(), (0, 0));
}

#[test]
fn what_is_no_name_of_a_role_is_refused_also_where_it_is_not_needed() {
    let cloud = Cloud::new(MetadataOptions::default());
    let config = Config { cvm_role: Some("a/b"), credentials: Some(permanent()), ..cloud.config() };
    let error = Client::new(config).unwrap_err();
    assert_eq!(error.status, Status::InvalidArgument);
    assert!(error.message.starts_with("cvm_role "), "{error}");
}

#[test]
fn another_role_than_the_instances_is_named() {
    let cloud = Cloud::new(MetadataOptions::default());
    let error = fails(&cloud, Config { cvm_role: Some("another-role"), ..cloud.config() });
    assert!(error.message.contains("another-role") && error.message.contains("no role of that name"), "{error}");
    assert!(!error.retryable);
}

#[test]
fn an_answer_without_credentials_is_named() {
    for (fault, named) in [(MetadataFault::Failure, "its Code is Failure"), (MetadataFault::Garbage, "a JSON object")] {
        let cloud = Cloud::misbehaving(fault);
        let error = fails(&cloud, cloud.config());
        assert!(error.message.contains("emulator-role") && error.message.contains(named), "{error}");
    }
}

#[test]
fn an_answer_of_more_than_64_kib_is_not_read() {
    let cloud = Cloud::new(MetadataOptions { token: "t".repeat(64 * 1024), ..MetadataOptions::default() });
    let error = fails(&cloud, cloud.config());
    assert!(error.message.contains("(65536 bytes)"), "{error}");
}

#[test]
fn nobody_there_is_worth_another_call() {
    let Cloud { service, metadata, role, urls } = Cloud::new(MetadataOptions::default());
    drop(metadata);
    let client = Client::new(config(&role, &urls)).unwrap();
    let error = call(&client).unwrap_err();
    assert_eq!((error.status, error.retryable, error.attempts), (Status::CredentialsFailed, true, 0), "{error}");
    assert!(error.message.contains("emulator-role"), "{error}");
    assert!(service.statistics().requests.is_empty());
}

#[test]
fn a_late_metadata_service_is_waited_for_until_the_deadline_of_the_call() {
    const DEADLINE_MS: u32 = 300;
    let cloud = Cloud::misbehaving(MetadataFault::Late(PATIENCE * 2));
    let start = Instant::now();
    let error = fails(&cloud, Config { deadline_ms: Some(DEADLINE_MS), ..cloud.config() });
    let deadline = Duration::from_millis(DEADLINE_MS.into());
    assert!(error.retryable && (deadline..deadline + NOISE).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn a_late_metadata_service_is_waited_for_no_longer_than_its_patience() {
    let cloud = Cloud::misbehaving(MetadataFault::Late(PATIENCE * 3));
    let start = Instant::now();
    let error = fails(&cloud, Config { deadline_ms: Some(60_000), ..cloud.config() });
    assert!(error.retryable && (PATIENCE..PATIENCE + NOISE).contains(&start.elapsed()), "{:?}", start.elapsed());
}

/// Answers whoever asks with the first bytes, and with the second again and again until he has had enough: its URL.
fn metadata_that_answers(first: Vec<u8>, again: Vec<u8>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let read = stream.read(&mut [0; 4096]).and_then(|_| stream.write_all(&first));
            // Whoever goes away has had enough.
            while !again.is_empty() && read.is_ok() && stream.write_all(&again).is_ok() {}
        }
    });
    url
}

#[test]
fn a_hostile_metadata_service_gives_no_credentials_and_takes_no_longer_than_its_patience() {
    let cloud = Cloud::new(MetadataOptions::default());
    let json = |id: &str, token: &str, expiry: &str| {
        format!(
            r#"{{"Code":"Success","TmpSecretId":{id},"TmpSecretKey":"{SECRET_KEY}","Token":{token},"ExpiredTime":{expiry}}}"#
        )
    };
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    let (id, token, expiry) = (r#""AKIDEXAMPLE""#, format!("\"{TOKEN}\""), "4102444800");
    let sound = json(id, &token, expiry);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let elsewhere = format!("HTTP/1.1 302 -\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", cloud.urls.1).into_bytes();
    for (what, first, again) in [
        ("a body without end", b"HTTP/1.1 200 OK\r\n\r\n{\"Code\":\"".to_vec(), vec![b'x'; 4096]),
        ("blanks without end", b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 4096]),
        ("chunks without end", chunked.clone(), b"1\r\n \r\n".repeat(600)),
        ("trailers without end", [&chunked[..], b"2\r\n{}\r\n0\r\n"].concat(), b"X: y\r\n".repeat(600)),
        ("interim answers without end", Vec::new(), b"HTTP/1.1 103 -\r\n\r\n".repeat(200)),
        ("a head without end", b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(600)),
        ("more than is taken", ok(&(sound.clone() + &" ".repeat(70_000))), Vec::new()),
        ("the way to another", elsewhere, Vec::new()),
        ("nothing", Vec::new(), Vec::new()),
        ("an id that is a number", ok(&json("1", &token, expiry)), Vec::new()),
        ("a token of two lines", ok(&json(id, r#""a\r\nX-Evil: b""#, expiry)), Vec::new()),
        ("a token that is null", ok(&json(id, "null", expiry)), Vec::new()),
        ("a token that is empty", ok(&json(id, r#""""#, expiry)), Vec::new()),
        ("an expiry that is a string", ok(&json(id, &token, r#""4102444800""#)), Vec::new()),
        ("an expiry of nothing", ok(&json(id, &token, "0")), Vec::new()),
        ("an expiry before 1970", ok(&json(id, &token, "-1")), Vec::new()),
        ("an expiry beyond all numbers", ok(&json(id, &token, "1e400")), Vec::new()),
        ("an expiry of 64 bits and more", ok(&json(id, &token, "9223372036854775808")), Vec::new()),
        ("two answers", ok(&(sound.clone() + &sound)), Vec::new()),
        ("a byte order mark", ok(&format!("\u{feff}{sound}")), Vec::new()),
        ("brackets", ok(&"[".repeat(60_000)), Vec::new()),
    ] {
        let urls = (cloud.urls.0.clone(), metadata_that_answers(first, again));
        let start = Instant::now();
        let error = fails(&cloud, config(&cloud.role, &urls));
        assert!(start.elapsed() < PATIENCE + NOISE, "{what}: {:?}: {error}", start.elapsed());
    }
    // So that the others would be taken if it were not for what is wrong with them.
    let urls = (cloud.urls.0.clone(), metadata_that_answers(ok(&json(id, &token, "9223372036854775807")), Vec::new()));
    let error = call(&Client::new(config(&cloud.role, &urls)).unwrap()).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::AuthRejected, 1), "{error}");
}
