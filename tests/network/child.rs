//! This program once more, as a process with an environment, or in namespaces, of its own.

use std::env;
use std::process::Command;

use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;

use crate::{call, isolated, support};

/// What the child is to do.
const TASK: &str = "TEST_TASK";

/// Each variable of the environment that says something of proxies.
const PROXY_VARIABLES: [&str; 8] =
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"];

/// Whether this process is one.
pub fn is_this() -> bool {
    env::var_os(TASK).is_some()
}

/// Does what the parent asked for.
pub fn run() {
    match env::var(TASK).unwrap().as_str() {
        "call" => call_once(),
        "look-up" => isolated::look_up(),
        "lied-to" => isolated::be_lied_to(),
        "link" => isolated::reach_link(),
        "devices" => isolated::serve_devices(),
        other => panic!("{other}: no such task"),
    }
}

/// Makes this process, or what it is turned into, do this.
pub fn told<'a>(command: &'a mut Command, task: &str) -> &'a mut Command {
    for variable in PROXY_VARIABLES {
        command.env_remove(variable);
    }
    command.env(TASK, task)
}

/// What a call comes to in a process with these variables of the environment, on a line.
pub fn outcome_of_call(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    let written = support::run(told(&mut command, "call").envs(variables.iter().copied()));
    written.unwrap_or_else(|failure| panic!("{}", failure.message().unwrap_or_default())).trim().to_owned()
}

/// Variables that make the child's configuration; an empty one is not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Writes what a call comes to: `OK`, or a status and a message.
fn call_once() {
    let [endpoint, ca_file, proxy, no_proxy, network_interface] =
        ["TEST_ENDPOINT", "TEST_CA_FILE", "TEST_PROXY", "TEST_NO_PROXY", "TEST_NETWORK_INTERFACE"].map(variable);
    let config = Config {
        credentials: Some(Credentials::new(emulator::SECRET_ID, emulator::SECRET_KEY, None).unwrap()),
        endpoint: endpoint.as_deref(),
        ca_file: ca_file.as_deref(),
        proxy: proxy.as_deref(),
        no_proxy: no_proxy.as_deref(),
        network_interface: network_interface.as_deref(),
        max_attempts: Some(1),
        max_requests_per_s: Some(UNLIMITED),
        ..Config::default()
    };
    match Client::new(config).and_then(|client| call(&client)) {
        Ok(_) => println!("OK"),
        Err(error) => println!("{:?} {error}", error.status),
    }
}
