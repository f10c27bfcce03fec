//! What a diagnosis says of a call, step by step, against the emulator: which step is at fault, and nothing of a secret.

mod stalls;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use emulator::{
    Emulator, Fault, Options, POWERLESS_SECRET_ID, Proxy, ProxyOptions, ProxyProtocol, SECRET_ID, SECRET_KEY,
    TEMPORARY_SECRET_ID, TOKEN,
};
use socket2::{Domain, Socket, Type};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::diagnosis::{Diagnosis, Outcome, Step, Subject, diagnose};
use trro::error::{Error, Status};
use trro::listing::Flow;

const PROJECT: &str = "m82k5408n675phvb";
const NO_DEVICE: Subject<'_> = Subject { project_id: None, device_id: None, streams: 1, asks_available: false };

fn emulator(options: Options) -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..options }).unwrap()
}

fn tls() -> Emulator {
    emulator(Options { tls: true, ..Options::default() })
}

fn credentials(id: &str, key: &str, token: Option<&str>) -> Option<Credentials> {
    Some(Credentials::new(id, key, token).unwrap())
}

fn config(endpoint: &str) -> Config<'_> {
    Config {
        credentials: credentials(SECRET_ID, SECRET_KEY, None),
        endpoint: Some(endpoint),
        max_attempts: Some(1),
        max_requests_per_s: Some(UNLIMITED),
        ..Config::default()
    }
}

/// A file with the emulator's certificate: its path.
fn ca_file(emulator: &Emulator) -> String {
    let port = emulator.url().rsplit_once(':').unwrap().1.to_owned();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("diagnosis-{port}.pem"));
    std::fs::write(&path, emulator.ca_pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Every step that a diagnosis gives. The texts are looked through for secrets.
fn look(client: &Client, subject: &Subject<'_>, time: Duration) -> Result<Vec<Diagnosis>, Error> {
    let mut steps: Vec<Diagnosis> = Vec::new();
    let mut visit = |diagnosis: &Diagnosis| {
        steps.push(diagnosis.clone());
        Flow::GoOn
    };
    diagnose(client, subject, Instant::now() + time, &mut visit)?;
    for text in steps.iter().flat_map(|step| [&step.finding, &step.advice]) {
        for secret in
            [SECRET_ID, SECRET_KEY, TOKEN, TEMPORARY_SECRET_ID, POWERLESS_SECRET_ID, WRONG_KEY, "proxy-password"]
        {
            assert!(!text.contains(secret) && !text.contains(&secret[4..]), "{text}");
        }
    }
    Ok(steps)
}

const WRONG_KEY: &str = "anotherSecretKeyAnotherSecretKey";

fn diagnosed(config: Config<'_>, subject: &Subject<'_>) -> Vec<Diagnosis> {
    look(&Client::new(config).unwrap(), subject, Duration::from_secs(60)).unwrap()
}

fn names(steps: &[Diagnosis]) -> Vec<Step> {
    steps.iter().map(|step| step.step).collect()
}

fn step(steps: &[Diagnosis], step: Step) -> &Diagnosis {
    steps.iter().find(|seen| seen.step == step).unwrap()
}

fn assert_all_fine(steps: &[Diagnosis]) {
    for seen in steps {
        assert_eq!(seen.outcome, Outcome::Fine, "{seen:?}");
        assert!(!seen.finding.is_empty(), "{seen:?}");
    }
}

/// That this step failed, all before it are fine but those of `unknown`, and nothing is known of the later ones. Gives the step.
fn assert_fails(steps: &[Diagnosis], at: Step, status: Status, unknown: &[Step]) -> Diagnosis {
    assert!(steps.len() >= 10 && names(steps) == Step::ALL[..steps.len()], "{steps:#?}");
    let place = steps.iter().position(|seen| seen.step == at).unwrap_or_else(|| panic!("{steps:#?}"));
    for (index, seen) in steps.iter().enumerate() {
        let expected = match seen.step {
            step if step == at => Outcome::Failed(status),
            step if index > place || unknown.contains(&step) => Outcome::NotReached,
            _ => Outcome::Fine,
        };
        assert_eq!(seen.outcome, expected, "{steps:#?}");
    }
    let failed = &steps[place];
    assert!(!failed.finding.is_empty() && !failed.advice.is_empty(), "{failed:?}");
    failed.clone()
}

#[test]
fn without_a_fault_every_step_is_fine_over_http() {
    let emulator = emulator(Options::default());
    let steps = diagnosed(config(&emulator.url()), &NO_DEVICE);
    assert_all_fine(&steps);
    assert_eq!(names(&steps), Step::ALL[..10]);
    assert!(step(&steps, Step::Resolve).finding.ends_with("1 address: 127.0.0.1"));
    assert!(step(&steps, Step::Route).finding.contains("from 127.0.0.1 to 127.0.0.1"));
    assert!(step(&steps, Step::Tls).finding.starts_with("not used") && step(&steps, Step::Tls).elapsed.is_none());
    assert!(step(&steps, Step::Clock).finding.starts_with("the system clock is right"));
    assert!(step(&steps, Step::Credentials).finding.contains("36 characters that begins with AKID"));
    assert_eq!(emulator.statistics().requests.len(), 1);
}

#[test]
fn without_a_fault_every_step_is_fine_over_tls() {
    let emulator = tls();
    let (url, ca_file) = (emulator.url(), ca_file(&emulator));
    let client = Client::new(Config { ca_file: Some(&ca_file), ..config(&url) }).unwrap();
    let subject = Subject { project_id: Some(PROJECT), device_id: Some("dev1"), streams: 1, asks_available: false };
    let steps = look(&client, &subject, Duration::from_secs(60)).unwrap();
    assert_all_fine(&steps);
    assert_eq!(names(&steps), Step::ALL);
    assert!(step(&steps, Step::Tls).finding.starts_with("TLS 1.3; the certificate is valid until 20"), "{steps:#?}");
    // The request has brought what a session needs to be resumed.
    let steps = look(&client, &subject, Duration::from_secs(60)).unwrap();
    assert_all_fine(&steps);
    assert!(step(&steps, Step::Tls).finding.starts_with("TLS 1.3, resumed; the certificate is valid"), "{steps:#?}");
}

#[test]
fn without_a_fault_every_step_is_fine_through_proxies() {
    for protocol in [ProxyProtocol::Http, ProxyProtocol::Socks5] {
        let emulator = emulator(Options { tls: true, certificate_host: "trro.invalid".into(), ..Options::default() });
        let login = Some(("user".to_owned(), "proxy-password".to_owned()));
        let proxy = Proxy::start(ProxyOptions { protocol, credentials: login, ..ProxyOptions::default() }).unwrap();
        let (url, ca_file) = (emulator.url().replace("localhost", "trro.invalid"), ca_file(&emulator));
        let proxy_url = proxy.url_with_credentials();
        let config = Config { ca_file: Some(&ca_file), proxy: Some(&proxy_url), ..config(&url) };
        let steps = diagnosed(config, &NO_DEVICE);
        assert_all_fine(&steps);
        assert!(step(&steps, Step::Resolve).finding.contains("of the proxy 127.0.0.1:"), "{steps:#?}");
        assert!(step(&steps, Step::Connect).finding.contains("leads to trro.invalid:"), "{steps:#?}");
    }
}

#[test]
fn a_name_that_does_not_resolve_fails_at_resolve() {
    let steps = diagnosed(config("https://no-such-host.invalid"), &NO_DEVICE);
    let failed = assert_fails(&steps, Step::Resolve, Status::ResolveFailed, &[]);
    assert!(failed.finding.contains("no-such-host.invalid") && failed.elapsed.is_some(), "{failed:?}");
}

#[test]
fn a_network_device_that_is_not_there_fails_at_route() {
    let emulator = emulator(Options::default());
    let steps = diagnosed(Config { network_interface: Some("no-such-modem"), ..config(&emulator.url()) }, &NO_DEVICE);
    let failed = assert_fails(&steps, Step::Route, Status::ConnectFailed, &[]);
    assert!(failed.finding.contains("through no-such-modem"), "{failed:?}");
    assert_eq!(emulator.statistics().connections, 0);
}

#[test]
fn a_port_that_refuses_fails_at_connect() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap().as_socket().unwrap());
    let failed = assert_fails(&diagnosed(config(&url), &NO_DEVICE), Step::Connect, Status::ConnectFailed, &[]);
    assert!(failed.advice.contains("nobody listens"), "{failed:?}");
}

#[test]
fn a_proxy_that_refuses_fails_at_connect() {
    let login = Some(("user".to_owned(), "proxy-password".to_owned()));
    for protocol in [ProxyProtocol::Http, ProxyProtocol::Socks5] {
        let proxy =
            Proxy::start(ProxyOptions { protocol, credentials: login.clone(), ..ProxyOptions::default() }).unwrap();
        let url = proxy.url();
        let steps = diagnosed(Config { proxy: Some(&url), ..config("https://trro.invalid") }, &NO_DEVICE);
        let failed = assert_fails(&steps, Step::Connect, Status::ProxyFailed, &[]);
        assert!(failed.finding.contains("wants a user and a password"), "{failed:?}");
    }
}

#[test]
fn what_is_not_tls_fails_at_tls() {
    let emulator = emulator(Options::default());
    let url = emulator.url().replace("http://127.0.0.1", "https://localhost");
    let steps = diagnosed(config(&url), &NO_DEVICE);
    assert_fails(&steps, Step::Tls, Status::TlsFailed, &[]);
}

#[test]
fn an_authority_that_is_not_known_fails_at_tls() {
    let emulator = tls();
    let failed = assert_fails(&diagnosed(config(&emulator.url()), &NO_DEVICE), Step::Tls, Status::TlsFailed, &[]);
    assert!(failed.advice.contains("config->ca_file"), "{failed:?}");
    assert!(emulator.statistics().requests.is_empty());
}

#[test]
fn a_wrong_clock_is_healed_and_told() {
    for (offset_s, side) in [(3600, "behind"), (-3600, "ahead of")] {
        let emulator = emulator(Options { clock_offset_s: offset_s, ..Options::default() });
        let steps = diagnosed(Config { max_attempts: Some(2), ..config(&emulator.url()) }, &NO_DEVICE);
        assert_all_fine(&steps);
        let clock = step(&steps, Step::Clock);
        assert!(clock.finding.contains(side) && clock.advice.contains("NTP"), "{clock:?}");
        let told_s: i64 = clock.finding.split(' ').find_map(|word| word.parse().ok()).unwrap();
        assert!((told_s - 3600).abs() < 30, "{clock:?}");
    }
}

#[test]
fn a_clock_that_cannot_be_healed_fails_at_clock() {
    let emulator = emulator(Options { clock_offset_s: 3600, ..Options::default() });
    let steps = diagnosed(config(&emulator.url()), &NO_DEVICE);
    assert_fails(&steps, Step::Clock, Status::ClockSkew, &[]);
}

#[test]
fn an_id_that_the_service_does_not_know_fails_at_credentials() {
    let emulator = emulator(Options::default());
    let of = |id: &str| {
        let steps =
            diagnosed(Config { credentials: credentials(id, SECRET_KEY, None), ..config(&emulator.url()) }, &NO_DEVICE);
        assert_fails(&steps, Step::Credentials, Status::AuthRejected, &[])
    };
    assert!(of(&SECRET_ID.replace("EMULATOR", "ANOTHER0")).advice.contains("no such secret id"));
    assert!(of(&SECRET_ID[..30]).advice.contains("30 characters"));
}

#[test]
fn a_token_that_is_missing_or_spent_fails_at_credentials() {
    let emulator = emulator(Options::default());
    for token in [None, Some("another-session-token")] {
        let credentials = credentials(TEMPORARY_SECRET_ID, SECRET_KEY, token);
        let steps = diagnosed(Config { credentials, ..config(&emulator.url()) }, &NO_DEVICE);
        let failed = assert_fails(&steps, Step::Credentials, Status::AuthRejected, &[]);
        assert!(failed.advice.contains("token"), "{failed:?}");
    }
}

#[test]
fn a_source_of_credentials_that_fails_fails_at_credentials() {
    let emulator = emulator(Options::default());
    let fail = || Err(Error::new(Status::CredentialsFailed, "the safe is locked"));
    let url = emulator.url();
    let config = Config { credentials: None, credentials_fn: Some(Box::new(fail)), ..config(&url) };
    let failed = assert_fails(
        &diagnosed(config, &NO_DEVICE),
        Step::Credentials,
        Status::CredentialsFailed,
        &[Step::Answer, Step::Clock],
    );
    assert!(failed.finding.contains("the safe is locked"), "{failed:?}");
}

#[test]
fn credentials_that_have_expired_fail_at_credentials() {
    let emulator = emulator(Options { clock_offset_s: 3600, ..Options::default() });
    let in_half_an_hour = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 1800;
    let expiring = Credentials::new(TEMPORARY_SECRET_ID, SECRET_KEY, Some(TOKEN)).unwrap();
    let expiring = Some(expiring.expiring(in_half_an_hour.try_into().unwrap()).unwrap());
    let url = emulator.url();
    let config = Config { credentials: expiring, max_attempts: Some(2), ..config(&url) };
    let failed = assert_fails(&diagnosed(config, &NO_DEVICE), Step::Credentials, Status::NoCredentials, &[]);
    assert!(failed.advice.contains("expired on"), "{failed:?}");
}

#[test]
fn a_wrong_key_fails_at_signature() {
    let emulator = emulator(Options::default());
    let credentials = credentials(SECRET_ID, WRONG_KEY, None);
    let steps = diagnosed(Config { credentials, ..config(&emulator.url()) }, &NO_DEVICE);
    assert_fails(&steps, Step::Signature, Status::AuthRejected, &[]);
}

#[test]
fn a_key_that_may_nothing_fails_at_permission() {
    let emulator = emulator(Options::default());
    let credentials = credentials(POWERLESS_SECRET_ID, SECRET_KEY, None);
    let steps = diagnosed(Config { credentials, ..config(&emulator.url()) }, &NO_DEVICE);
    let failed = assert_fails(&steps, Step::Permission, Status::PermissionDenied, &[]);
    assert!(failed.advice.contains("trro:GetDevices"), "{failed:?}");
}

#[test]
fn too_many_requests_fail_at_rate_limit() {
    let emulator = emulator(Options::default());
    emulator.misbehave_always(Some(Fault::Throttled));
    let steps = diagnosed(config(&emulator.url()), &NO_DEVICE);
    let failed = assert_fails(&steps, Step::RateLimit, Status::Throttled, &[Step::Signature, Step::Permission]);
    assert!(failed.advice.contains("try again in"), "{failed:?}");
}

#[test]
fn a_turn_that_comes_too_late_fails_at_rate_limit_and_nobody_is_asked() {
    let emulator = emulator(Options::default());
    let client = Client::new(Config { max_requests_per_s: Some(1), ..config(&emulator.url()) }).unwrap();
    assert_all_fine(&look(&client, &NO_DEVICE, Duration::from_secs(60)).unwrap());
    let steps = look(&client, &NO_DEVICE, Duration::from_millis(500)).unwrap();
    let unknown = [Step::Answer, Step::Clock, Step::Signature, Step::Permission];
    assert_fails(&steps, Step::RateLimit, Status::Throttled, &unknown);
    assert_eq!(emulator.statistics().requests.len(), 1);
}

#[test]
fn a_client_that_has_slowed_down_says_so() {
    let emulator = emulator(Options::default());
    let client = Client::new(Config { max_attempts: Some(4), fleet_size: 1, ..config(&emulator.url()) }).unwrap();
    emulator.misbehave_once(Fault::Throttled);
    let steps = look(&client, &NO_DEVICE, Duration::from_secs(60)).unwrap();
    assert_all_fine(&steps);
    let limit = step(&steps, Step::RateLimit);
    assert!(limit.finding.contains("has slowed down") && limit.advice.contains("20 requests a second"), "{limit:?}");
}

#[test]
fn a_device_that_may_not_run_fails_at_license() {
    let emulator = emulator(Options::default());
    for (device, status, advice) in [
        ("field_unbound", Status::PermissionDenied, "bind a license"),
        ("no-such-device", Status::NotFound, "letter by letter"),
    ] {
        let subject = Subject { project_id: Some(PROJECT), device_id: Some(device), streams: 1, asks_available: false };
        let steps = diagnosed(config(&emulator.url()), &subject);
        let failed = assert_fails(&steps, Step::License, status, &[]);
        assert!(failed.advice.contains(advice), "{failed:?}");
    }
}

#[test]
fn a_device_of_which_nothing_can_be_said_is_no_failure() {
    let emulator = emulator(Options::default());
    let subject =
        Subject { project_id: Some(PROJECT), device_id: Some("field_bare"), streams: 1, asks_available: false };
    let steps = diagnosed(config(&emulator.url()), &subject);
    assert_all_fine(&steps);
    assert!(step(&steps, Step::License).advice.contains("TRRO_start"), "{steps:#?}");
}

#[test]
fn an_answer_of_somebody_else_fails_at_answer() {
    let emulator = emulator(Options::default());
    for (fault, status) in [
        ("not-json", Status::BadResponse),
        ("status:503", Status::ServiceFailed),
        ("hang-up", Status::ConnectFailed),
        ("region-required", Status::RequestRejected),
        ("error:InternalError", Status::ServiceFailed),
    ] {
        emulator.misbehave_once(fault.parse().unwrap());
        let failed = assert_fails(&diagnosed(config(&emulator.url()), &NO_DEVICE), Step::Answer, status, &[]);
        assert!(failed.elapsed.is_some(), "{failed:?}");
    }
}

#[test]
fn secrets_that_come_back_are_not_shown() {
    let emulator = emulator(Options::default());
    for code in ["AuthFailure.SignatureFailure", "UnauthorizedOperation"] {
        let message = format!("{SECRET_ID} {SECRET_KEY}");
        let body = format!(
            r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"{message}"}},"RequestId":"{SECRET_ID}"}}}}"#
        );
        emulator.misbehave_once(Fault::Answer(body));
        // `look` searches the texts.
        let steps = diagnosed(config(&emulator.url()), &NO_DEVICE);
        assert!(steps.iter().any(|step| step.finding.contains("*** ***")), "{steps:#?}");
    }
}

#[test]
fn a_visitor_that_has_seen_enough_ends_it() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let client = Client::new(config(&url)).unwrap();
    for (enough, requests) in [(Step::Connect, 0), (Step::Answer, 1)] {
        let mut last = None;
        let mut visit = |diagnosis: &Diagnosis| {
            last = Some(diagnosis.step);
            if diagnosis.step == enough { Flow::Stop } else { Flow::GoOn }
        };
        let attempts = diagnose(&client, &NO_DEVICE, Instant::now() + Duration::from_secs(60), &mut visit).unwrap();
        assert_eq!((last, attempts), (Some(enough), requests));
        assert_eq!(emulator.statistics().requests.len(), requests as usize);
    }
}
