//! What the benchmark ran on, for people. Uses nothing.

use std::fs;
use std::process::Command;

/// A list in Markdown.
pub fn machine(rounds: usize) -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = field(&processors, "model name").or(field(&processors, "Model")).unwrap_or_default();
    let flags = field(&processors, "flags").or(field(&processors, "Features")).unwrap_or_default();
    let has_sha = flags.split(' ').any(|flag| matches!(flag, "sha_ni" | "sha2"));
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let package = |name| said(Command::new("pkg-config").args(["--modversion", name]));
    format!(
        "- CPU: {model}, {cores} cores, {} instructions for SHA-256\n- Linux {}, glibc {}\n- {}; {}\n\
         - libcurl {}, OpenSSL {}, cJSON {}\n- {}, {}\n- {rounds} rounds; {}\n",
        if has_sha { "with" } else { "without" },
        kernel.trim(),
        said(Command::new("getconf").arg("GNU_LIBC_VERSION")).trim_start_matches("glibc "),
        said(Command::new("rustc").arg("--version")),
        said(Command::new("cc").arg("--version")),
        package("libcurl"),
        package("libcrypto"),
        package("libcjson"),
        said(Command::new("valgrind").arg("--version")).replace('-', " "),
        said(Command::new("strace").arg("--version")).replace(" -- version", ""),
        said(Command::new("date").args(["-u", "+%Y-%m-%d"])),
    )
}

/// What counts of instructions depend on.
pub fn tools() -> String {
    let said = [
        said(Command::new("rustc").arg("--version")),
        said(Command::new("getconf").arg("GNU_LIBC_VERSION")),
        said(Command::new("valgrind").arg("--version")),
        std::env::consts::ARCH.to_owned(),
    ];
    said.join("; ")
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// The first line that a command prints.
fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    output.unwrap_or_default().lines().next().unwrap_or("not installed").to_owned()
}
