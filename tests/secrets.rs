//! What log_fn is told, and what errors say, of calls that fail in every way: never a secret, a signature or a header, also
//! when the service or a proxy sends one back.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use emulator::{
    Emulator, Fault, Options, Proxy, ProxyOptions, ProxyProtocol, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN,
};
use trro::api::{Devices, GetDevices};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::{Credentials, derive_signing_key};
use trro::error::{Error, Status};
use trro::log::{Level, Log};
use trro::sign::utc_date;

const USER: &str = "depot";
/// With characters that a URL holds as %XX only.
const PASSWORD: &str = "pr0xy@Passw0rd";
const PASSWORD_IN_URL: &str = "pr0xy%40Passw0rd";

/// As [`Fault`] reads them; "OK" behaves.
const FAULTS: [&str; 17] = [
    "OK",
    "echo",
    "late:2000",
    "drip:50",
    "cut-off",
    "wrong-length",
    "wrong-type",
    "not-json",
    "too-large:5000000",
    "status:500",
    "redirect",
    "reset",
    "hang-up",
    "throttled",
    "error:AuthFailure.SignatureFailure",
    "wrong-clock:100000",
    "unavailable-for:1",
];

type Lines = Arc<Mutex<Vec<String>>>;

/// One way to sign.
struct Way {
    secret_id: &'static str,
    token: Option<&'static str>,
    has_day_key: bool,
}

const WAYS: [Way; 4] = [
    Way { secret_id: SECRET_ID, token: None, has_day_key: false },
    Way { secret_id: TEMPORARY_SECRET_ID, token: Some(TOKEN), has_day_key: false },
    Way { secret_id: SECRET_ID, token: None, has_day_key: true },
    Way { secret_id: TEMPORARY_SECRET_ID, token: Some(TOKEN), has_day_key: true },
];

impl Way {
    fn credentials(&self) -> Credentials {
        if !self.has_day_key {
            return Credentials::new(self.secret_id, SECRET_KEY, self.token).unwrap();
        }
        let today = today();
        let key = derive_signing_key(SECRET_KEY, &today).unwrap();
        Credentials::with_day_key(self.secret_id, key.as_bytes(), &today, self.token).unwrap()
    }
}

fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    utc_date(now.as_secs().try_into().unwrap())
}

fn call(client: &Client) -> Result<usize, Error> {
    let request = GetDevices { page_num: 1, page_size: 10, project_id: None, device_id: None };
    let answer = client.call(&request, None)?;
    let page: Devices<'_> = client.decode::<GetDevices<'_>>(&answer)?;
    Ok(page.devices.len())
}

/// Calls with everything told, and keeps what an error or a debugger says as well.
fn call_and_tell(lines: &Lines, config: Config<'_>) {
    call_and_tell_at(Level::Debug, lines, config);
}

fn call_and_tell_at(level: Level, lines: &Lines, config: Config<'_>) {
    let sink = Arc::clone(lines);
    let sink = move |_, line: &str| sink.lock().unwrap().push(line.to_owned());
    let log = Log::new(level, Box::new(sink));
    let client = match Client::new(Config { log, deadline_ms: Some(600), max_attempts: Some(2), ..config }) {
        Ok(client) => client,
        Err(error) => return lines.lock().unwrap().push(format!("{error} {error:?}")),
    };
    let outcome = call(&client);
    lines.lock().unwrap().push(format!("{outcome:?} {client:?}"));
    if let Err(error) = outcome {
        lines.lock().unwrap().push(error.to_string());
    }
}

fn config<'a>(endpoint: &'a str, way: &Way) -> Config<'a> {
    Config {
        credentials: Some(way.credentials()),
        endpoint: Some(endpoint),
        max_requests_per_s: Some(UNLIMITED),
        ..Config::default()
    }
}

fn emulator() -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..Options::default() }).unwrap()
}

/// The signatures of all requests that an emulator has seen.
fn signatures(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.statistics().requests;
    let authorizations = requests.iter().filter_map(|request| request.header("Authorization"));
    authorizations.map(|value| value.split_once("Signature=").unwrap().1.to_owned()).collect()
}

/// The key of today and of the days around it.
fn day_keys_as_bytes() -> Vec<Vec<u8>> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let key_of = |at: u64| derive_signing_key(SECRET_KEY, &utc_date(at.try_into().unwrap())).unwrap();
    [now - 86_400, now, now + 86_400].map(|at| key_of(at).as_bytes().to_vec()).into()
}

/// The same as text.
fn day_keys() -> Vec<String> {
    let keys = day_keys_as_bytes();
    let texts = keys
        .iter()
        .flat_map(|key| [hex::encode(key), hex::encode_upper(key), format!("{key:?}"), BASE64_STANDARD.encode(key)]);
    texts.collect()
}

#[track_caller]
fn none_shows(lines: &Lines, secrets: &[String]) {
    let lines = lines.lock().unwrap();
    for line in lines.iter() {
        let shown = secrets.iter().find(|secret| line.contains(secret.as_str()));
        assert!(shown.is_none(), "{} shows in: {line}", shown.unwrap());
        let is_header = ["authorization:", "x-tc-token", "x-tc-timestamp", "proxy-authorization"];
        let line = line.to_lowercase();
        assert!(is_header.iter().all(|header| !line.contains(header)), "a header shows in: {line}");
    }
}

/// In all that the service has received there is no key, and the token in the header that is there for it.
#[track_caller]
fn only_the_token_was_sent(emulator: &Emulator, way: &Way) {
    let mut keys = day_keys();
    keys.extend([SECRET_KEY.to_owned(), BASE64_STANDARD.encode(SECRET_KEY), hex::encode(SECRET_KEY)]);
    let raw_keys = day_keys_as_bytes();
    for request in emulator.statistics().requests {
        assert_eq!(request.header("X-TC-Token"), way.token);
        let headers = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("X-TC-Token"));
        let rest =
            headers.fold(format!("{} {}", request.method, request.path), |all, header| format!("{all} {header:?}"));
        let everywhere = [rest.as_bytes(), &request.body, way.token.unwrap_or_default().as_bytes()];
        for place in everywhere {
            let holds = |bytes: &[u8]| place.windows(bytes.len()).any(|window| window == bytes);
            assert!(!keys.iter().any(|key| holds(key.as_bytes())) && !raw_keys.iter().any(|key| holds(key)), "{rest}");
        }
        let token = way.token.unwrap_or(TOKEN);
        assert!(!rest.contains(token) && !String::from_utf8_lossy(&request.body).contains(token), "{rest}");
    }
}

#[track_caller]
fn tells(lines: &Lines, text: &str) {
    assert!(lines.lock().unwrap().iter().any(|line| line.contains(text)), "nothing was told of \"{text}\"");
}

/// What the service sends back of a request, in every part of an answer.
fn answers_with(secret: &str) -> Vec<Fault> {
    let answers = [
        format!(
            r#"{{"Response":{{"Error":{{"Code":"InternalError.{secret}","Message":"{secret}"}},"RequestId":"{secret}"}}}}"#
        ),
        format!(r#"{{"Response":{{"Error":{{"Code":"{secret}","Message":"a {secret}, {secret}!"}}}}}}"#),
        format!(r#"{{"Response":{{"RequestId":{{"{secret}":1}}}}}}"#),
        format!(r#"{{"Response":{{"TotalCount":"{secret}"}}}}"#),
        format!("{secret}\n"),
    ];
    answers.into_iter().map(Fault::Answer).collect()
}

/// Who was called, what was told, and what a device with these credentials knows.
fn fail_in_every_way(way: &Way) -> (Emulator, Lines, Vec<String>) {
    let (emulator, lines) = (emulator(), Lines::default());
    let url = emulator.url();
    let mut secrets: Vec<String> = way.token.iter().map(|token| (*token).to_owned()).collect();
    // A device with the key of a day cannot know the secret key, which some faults send.
    secrets.extend((!way.has_day_key).then(|| SECRET_KEY.to_owned()));
    let faults = FAULTS.iter().filter(|fault| **fault != "OK").map(|fault| fault.parse().unwrap());
    let faults: Vec<Fault> = faults.chain(secrets.iter().flat_map(|secret| answers_with(secret))).collect();
    for fault in faults {
        emulator.misbehave_always(Some(fault));
        call_and_tell(&lines, config(&url, way));
    }
    emulator.misbehave_always(None);
    call_and_tell(&lines, config(&url, way));
    assert!(emulator.statistics().requests.len() > FAULTS.len());
    (emulator, lines, secrets)
}

fn in_each_way(check: fn(&Way)) {
    std::thread::scope(|scope| {
        for way in &WAYS {
            scope.spawn(move || check(way));
        }
    });
}

#[test]
fn a_call_that_fails_in_every_way_shows_no_secret() {
    in_each_way(|way| {
        let (emulator, lines, mut secrets) = fail_in_every_way(way);
        secrets.extend(signatures(&emulator));
        secrets.extend(day_keys());
        none_shows(&lines, &secrets);
        for told in [
            "connected to",
            "attempt 1 of 2",
            "failed and is repeated",
            "slows down",
            "from the system clock",
            "Ok(10)",
        ] {
            tells(&lines, told);
        }
    });
}

#[test]
fn a_call_that_fails_in_every_way_sends_no_key_and_the_token_in_its_header_only() {
    in_each_way(|way| {
        let (emulator, _, _) = fail_in_every_way(way);
        only_the_token_was_sent(&emulator, way);
    });
}

#[test]
fn a_call_shows_no_secret_at_any_level() {
    let (emulator, lines) = (emulator(), Lines::default());
    let url = emulator.url();
    for level in [Level::Error, Level::Warning, Level::Info, Level::Debug] {
        for fault in ["echo", "error:AuthFailure.SignatureFailure", "not-json", "hang-up"] {
            emulator.misbehave_always(Some(fault.parse().unwrap()));
            call_and_tell_at(level, &lines, config(&url, &WAYS[1]));
        }
        emulator.misbehave_always(None);
        call_and_tell_at(level, &lines, config(&url, &WAYS[1]));
    }
    let mut secrets = [signatures(&emulator), day_keys()].concat();
    secrets.extend([SECRET_KEY, TOKEN].map(str::to_owned));
    none_shows(&lines, &secrets);
}

#[test]
fn credentials_that_are_asked_for_show_no_secret() {
    let (emulator, lines) = (emulator(), Lines::default());
    let url = emulator.url();
    let failing = Error::new(Status::CredentialsFailed, "none today");
    let answers =
        [Ok((TEMPORARY_SECRET_ID, Some(TOKEN))), Ok((TEMPORARY_SECRET_ID, Some("t0kenT0kenT0ken"))), Err(failing)];
    for answer in answers {
        let ask = move || {
            let (secret_id, token) = answer.clone()?;
            Credentials::new(secret_id, SECRET_KEY, token)
        };
        let config = Config { credentials: None, credentials_fn: Some(Box::new(ask)), ..config(&url, &WAYS[0]) };
        call_and_tell(&lines, config);
    }
    let mut secrets = signatures(&emulator);
    secrets.extend([SECRET_KEY, TOKEN, "t0kenT0kenT0ken"].map(str::to_owned));
    none_shows(&lines, &secrets);
    for told in ["credentials_fn gave credentials", "attempt 1 failed and is repeated", "none today"] {
        tells(&lines, told);
    }
}

fn proxy(protocol: ProxyProtocol, password: &str, fault: Option<emulator::ProxyFault>) -> Proxy {
    let credentials = Some((USER.to_owned(), password.to_owned()));
    Proxy::start(ProxyOptions { protocol, credentials, fault }).unwrap()
}

#[test]
fn a_proxy_with_a_password_shows_none() {
    use emulator::ProxyFault::{Close, Garbage, Refuse, Stall};
    let lines = Lines::default();
    // The loopback is never reached through a proxy, and the proxy leads every name there.
    let options = Options { tls: true, certificate_host: "trro.example".to_owned(), ..Options::default() };
    let emulator = Emulator::start(options).unwrap();
    let url = emulator.url().replace("localhost", "trro.example");
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, emulator.ca_pem()).unwrap();
    let call_through = |proxy: &str| {
        let config = Config { proxy: Some(proxy), ca_file: ca_file.to_str(), ..config(&url, &WAYS[1]) };
        call_and_tell(&lines, config);
    };
    for protocol in [ProxyProtocol::Http, ProxyProtocol::Socks5] {
        for fault in [None, Some(Refuse), Some(Close), Some(Garbage), Some(Stall)] {
            let proxy = proxy(protocol, PASSWORD, fault);
            let with_password = proxy.url_with_credentials();
            assert!(with_password.contains(PASSWORD_IN_URL));
            call_through(&with_password);
        }
        let proxy = proxy(protocol, "another", None);
        let refused = proxy.url().replace("://", &format!("://{USER}:{PASSWORD_IN_URL}@"));
        for proxy in
            [refused.clone(), format!("{refused}/path"), refused.replace("://", "s://"), refused.replace('@', "")]
        {
            call_through(&proxy);
        }
    }
    let encoded = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let secrets = [PASSWORD, PASSWORD_IN_URL, &encoded, SECRET_KEY, TOKEN].map(str::to_owned);
    none_shows(&lines, &secrets);
    for told in ["through the proxy", "Ok(10)", "failed and is repeated", "ProxyFailed"] {
        tells(&lines, told);
    }
}
