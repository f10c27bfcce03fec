//! In namespaces of the test's own: with a name server that sees every question, and with two devices to choose from.

use std::env;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV6, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::PoisonError;

use emulator::{Options, ProxyProtocol};
use libtest_mimic::Completion;
use rustls::version::TLS13;
use trro::config::Config;
use trro::error::Status;

use crate::middle::{self, Middle, sound_answer};
use crate::strangers::{root, sound};
use crate::support::{self, Outcome};
use crate::{NOWHERE, Service, call_with, child, proxies, ways};

tests![
    the_name_of_a_service_behind_a_proxy_is_looked_up_nowhere,
    a_name_server_that_answers_with_the_loopback_leads_to_nobody_who_is_believed,
    the_chosen_device_carries_the_connection,
    a_proxy_at_an_address_of_one_link_is_reached,
];

/// What a child writes that finds that this machine cannot do what it is to do.
const IMPOSSIBLE: &str = "impossible: ";

fn the_name_of_a_service_behind_a_proxy_is_looked_up_nowhere() -> Outcome {
    isolated("look-up")
}

fn a_name_server_that_answers_with_the_loopback_leads_to_nobody_who_is_believed() -> Outcome {
    isolated("lied-to")
}

fn the_chosen_device_carries_the_connection() -> Outcome {
    if support::find_tool("nsenter").is_none() {
        return support::missing("nsenter is not installed");
    }
    isolated("devices")
}

fn a_proxy_at_an_address_of_one_link_is_reached() -> Outcome {
    isolated("link")
}

/// Runs a child in namespaces of its own.
fn isolated(task: &str) -> Outcome {
    if support::find_tool("ip").is_none() {
        return support::missing("ip is not installed");
    }
    let folder = support::scratch(&format!("network-{task}"));
    let Some(mut command) = support::isolated(&env::current_exe()?, &folder)? else {
        return support::missing("namespaces with another /etc/resolv.conf cannot be made");
    };
    let written = support::run(child::told(&mut command, task))?;
    match written.strip_prefix(IMPOSSIBLE) {
        Some(reason) => support::missing(reason.trim()),
        None => Ok(Completion::Completed),
    }
}

fn ip(arguments: &str) -> bool {
    Command::new("ip").args(arguments.split(' ')).status().unwrap().success()
}

/// In the child: nobody asks the name server for a service that is behind a proxy.
pub fn look_up() {
    assert!(ip("link set lo up"));
    let name_server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    let service = Service::named(NOWHERE, Options::default());
    for protocol in [ProxyProtocol::Http, ProxyProtocol::Socks5] {
        let url = proxies::proxy(protocol, None).url();
        assert!(call_with(Config { proxy: Some(&url), ..service.config() }).is_err(), "the proxy has ended");
        let proxy = proxies::proxy(protocol, None);
        assert_eq!(call_with(Config { proxy: Some(&proxy.url()), ..service.config() }), Ok(10));
    }
    name_server.set_nonblocking(true).unwrap();
    assert_eq!(name_server.recv(&mut [0; 512]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // Without a proxy it is asked, so that there would have been a question to see.
    call_with(Config { deadline_ms: Some(500), ..service.config() }).unwrap_err();
    let mut question = [0; 512];
    let length = name_server.recv(&mut question).unwrap();
    assert!(String::from_utf8_lossy(&question[..length]).contains("trro"));
}

/// In the child: a gateway that has no address but that of its link, which is none without the link's name.
pub fn reach_link() {
    assert!(ip("link set lo up") && ip("address add fe80::7/64 dev lo nodad"));
    let service = Service::named(NOWHERE, Options::default());
    let proxy = proxies::proxy(ProxyProtocol::Http, None);
    // The loopback is the first device of every namespace.
    let listener = TcpListener::bind(SocketAddrV6::new("fe80::7".parse().unwrap(), 0, 0, 1)).unwrap();
    let port = listener.local_addr().unwrap().port();
    ways::lead(listener, proxy.url().rsplit_once(':').unwrap().1.parse().unwrap());
    // As everybody writes it, and as RFC 6874 wants it in a URL.
    for link in ["%lo", "%25lo"] {
        let url = format!("http://[fe80::7{link}]:{port}");
        assert_eq!(call_with(Config { proxy: Some(&url), ..service.config() }), Ok(10), "{url}");
    }
    let url = format!("http://[fe80::7%eth99]:{port}");
    let error = call_with(Config { proxy: Some(&url), ..service.config() }).unwrap_err();
    assert_eq!(error.status, Status::ProxyFailed, "{error}");
}

/// Of the service as everybody reaches it.
const PUBLIC: &str = "trro.intl.tencentcloudapi.com";

/// In the child: the name of the service leads to a man on this machine. He is connected to, as any address that a name server
/// says, and TLS is what tells that he is not the service.
pub fn be_lied_to() {
    assert!(ip("link set lo up"));
    let name_server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    std::thread::spawn(move || answer_with_the_loopback(&name_server));
    let certificate = sound(&root(), PUBLIC, &TLS13);
    let address = (Ipv4Addr::LOCALHOST, 443).into();
    let man = Middle::at(address, move |tap| tap.speak_tls(&certificate, &sound_answer(), true));
    // By Mozilla's authorities, and by one that was given.
    for ca_file in [None, Some(root().ca_file())] {
        let config = Config { endpoint: None, ..middle::config("", ca_file.as_deref()) };
        let error = call_with(config).unwrap_err();
        assert_eq!((error.status, error.retryable, error.attempts), (Status::TlsFailed, false, 1), "{error}");
        man.has_seen_nothing(1);
    }
    // Plain HTTP is for a name that is the loopback's, and not for one that leads there.
    let error = call_with(middle::config(&format!("http://{PUBLIC}:443"), None)).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::InvalidArgument, 0), "{error}");
    man.has_seen_nothing(0);
}

/// Says so of every name (RFC 1035).
fn answer_with_the_loopback(name_server: &UdpSocket) -> io::Result<()> {
    const HEAD: usize = 12;
    const ADDRESS_OF_IPV4: [u8; 4] = [0, 1, 0, 1];
    let mut question = [0; 512];
    loop {
        let (_, from) = name_server.recv_from(&mut question)?;
        let name = question[HEAD..].iter().position(|byte| *byte == 0).unwrap();
        let end = HEAD + name + 1 + ADDRESS_OF_IPV4.len();
        let asks_for_it = question[..end].ends_with(&ADDRESS_OF_IPV4);
        // Its id; an answer to one question, with one address or none; the question.
        let head = [&question[..2], &[0x81, 0x80, 0, 1, 0, asks_for_it.into(), 0, 0, 0, 0], &question[HEAD..end]];
        // The name that stands after the head, for a minute.
        let address = [&[0xC0, 0x0C][..], &ADDRESS_OF_IPV4, &[0, 0, 0, 60, 0, 4, 127, 0, 0, 1]].concat();
        let answer = [head.concat(), if asks_for_it { address } else { Vec::new() }].concat();
        name_server.send_to(&answer, from)?;
    }
}

/// The service's address, to which both modems lead.
const SERVICE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Makes two modems, of which the first is the better one by the routes, and calls through what the routes say, and through
/// each of them. `$1` is the process of the service, in another namespace, `$2` the program that calls.
const CALL_THROUGH_MODEMS: &str = r#"
    set -e
    service="nsenter --net=/proc/$1/ns/net"
    for modem in 0 1; do
        ip link add wwan$modem type veth peer name depot$modem netns "$1"
        ip address add 198.18.$modem.2/24 dev wwan$modem
        ip link set wwan$modem up
        $service ip address add 198.18.$modem.1/24 dev depot$modem
        $service ip link set depot$modem up
        ip route add 192.0.2.1 via 198.18.$modem.1 metric $((modem + 1))
    done
    for device in "" wwan0 wwan1; do
        TEST_NETWORK_INTERFACE=$device "$2"
    done"#;

/// In the child: sees through which device each connection comes.
pub fn serve_devices() {
    if !ip("link add veth-here type veth peer name veth-there") {
        println!("{IMPOSSIBLE}pairs of devices (veth) cannot be made");
        return;
    }
    assert!(ip("link set lo up") && ip("address add 192.0.2.1/32 dev lo"));
    let service = Service::named(&SERVICE.to_string(), Options::default());
    let listener = TcpListener::bind((SERVICE, 0)).unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let clients = ways::lead(listener, service.port);
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", CALL_THROUGH_MODEMS, "sh", &std::process::id().to_string()]);
    command.arg(env::current_exe().unwrap()).env("TEST_ENDPOINT", endpoint).env("TEST_CA_FILE", &service.ca_file);
    let written = support::run(child::told(&mut command, "call"));
    assert_eq!(written.unwrap_or_else(|failure| panic!("{failure:?}")), "OK\nOK\nOK\n");
    let seen = clients.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let expected: [IpAddr; 3] = [0, 0, 1].map(|modem| Ipv4Addr::new(198, 18, modem, 2).into());
    assert_eq!(seen, expected);
}
