//! Generates `include/trro.h` from `src/ffi` and names the shared library. With `TRRO_HEADER=check`, as in CI, a build that
//! would change the header fails.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "src/api/describe.rs"]
mod describe;
#[path = "src/api/devices.rs"]
mod devices;
#[path = "src/api/licenses.rs"]
mod licenses;
#[path = "src/api/permissions.rs"]
mod permissions;
#[path = "src/api/projects.rs"]
mod projects;
#[path = "src/api/sessions.rs"]
mod sessions;

use describe::*;

/// In the order of the header, where what is made of the descriptions comes after `actions.rs`.
const SOURCES: [&str; 12] = [
    "version.rs",
    "error.rs",
    "credentials.rs",
    "config.rs",
    "client.rs",
    "actions.rs",
    GENERATED,
    "listing.rs",
    "authorization.rs",
    "watch.rs",
    "diagnosis.rs",
    "device_config.rs",
];
const GENERATED: &str = "typed_calls.rs";

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    for source in SOURCES.into_iter().filter(|source| *source != GENERATED) {
        println!("cargo:rerun-if-changed=src/ffi/{source}");
    }
    for input in ["src/api", "cbindgen.toml", "Cargo.toml"] {
        println!("cargo:rerun-if-changed={input}");
    }
    println!("cargo:rerun-if-changed=include/trro.h");
    println!("cargo:rerun-if-env-changed=TRRO_HEADER");

    write_header(&root);
    name_the_shared_library();
}

fn write_header(root: &Path) {
    let mut config = match cbindgen::Config::from_file(root.join("cbindgen.toml")) {
        Ok(config) => config,
        Err(error) => panic!("cbindgen.toml: {error}"),
    };
    let initialisers: String = GROUPS.iter().flat_map(|group| group.actions).map(initialiser).collect();
    config.trailer = config.trailer.map(|trailer| initialisers + &trailer);
    let generated = PathBuf::from(variable("OUT_DIR")).join(GENERATED);
    if let Err(error) = fs::write(&generated, GROUPS.iter().map(typed_calls).collect::<String>()) {
        panic!("{}: {error}", generated.display());
    }
    // cbindgen's own `extern "C"` comes with comments that C89 does not know; the closing brace is in cbindgen.toml.
    let linkage = "#ifdef __cplusplus\nextern \"C\" {\n#endif";
    let after_include = format!("{}\n\n{linkage}", version_macros());
    let mut builder = cbindgen::Builder::new().with_config(config).with_after_include(after_include);
    for source in SOURCES {
        builder =
            builder.with_src(if source == GENERATED { generated.clone() } else { root.join("src/ffi").join(source) });
    }
    let must_not_change = env::var("TRRO_HEADER").is_ok_and(|mode| mode == "check");
    let mut text = Vec::new();
    match builder.generate() {
        Ok(bindings) => bindings.write(&mut text),
        Err(error) if must_not_change => panic!("include/trro.h cannot be generated: {error}"),
        // The compiler explains what is wrong with the source better than cbindgen does.
        Err(error) => {
            println!("cargo:warning=include/trro.h was not generated: {error}");
            return;
        }
    };
    let header = root.join("include/trro.h");
    if fs::read(&header).is_ok_and(|current| current == text) {
        return;
    }
    if must_not_change {
        panic!(
            "include/trro.h is not what src/ffi and cbindgen.toml make of it; build without TRRO_HEADER=check and commit it"
        );
    }
    // A tree that cannot be written to (a package cache) is no reason to fail: its header is the one it came with.
    if let Err(error) = fs::write(&header, text) {
        println!("cargo:warning=include/trro.h is out of date and cannot be written: {error}");
    }
}

fn version_macros() -> String {
    [("MAJOR", "first"), ("MINOR", "second"), ("PATCH", "third")]
        .map(|(part, place)| {
            let number = variable(&format!("CARGO_PKG_VERSION_{part}"));
            format!("\n\n/** The {place} number of the version that this header is of. */\n#define TRRO_VERSION_{part} {number}")
        })
        .concat()
}

/// The SONAME that cargo-c would give: `0.<minor>` before 1.0, `<major>` after. Another one, and the link that an
/// installed library is found by would not exist.
fn name_the_shared_library() {
    if variable("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    let (major, minor) = (variable("CARGO_PKG_VERSION_MAJOR"), variable("CARGO_PKG_VERSION_MINOR"));
    let version = if major == "0" { format!("0.{minor}") } else { major };
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtrro.so.{version}");
    // A thread may still run our code when the host program unloads us.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

fn variable(name: &str) -> String {
    match env::var(name) {
        Ok(value) => value,
        Err(error) => panic!("{name}: {error}"),
    }
}

/// The description of a group of actions, as far as the header shows it.
struct Group {
    records: &'static [Struct],
    actions: &'static [Action],
}

/// A struct that the library lays out.
struct Struct {
    doc: &'static [&'static str],
    name: &'static str,
    fields: &'static [Field],
}

struct Field {
    doc: &'static [&'static str],
    name: &'static str,
    /// Of a list: the field that counts it.
    count: &'static str,
    kind: &'static str,
    /// Of a list of structs: their type.
    row: &'static str,
}

struct Action {
    doc: &'static [&'static str],
    effect: &'static str,
    name: &'static str,
    function: &'static str,
    document: u32,
    rate: u32,
    request_doc: &'static [&'static str],
    request: &'static str,
    parameters: &'static [(Field, Rule)],
    output: &'static str,
    response: Struct,
}

macro_rules! group {
    (
        records { $(
            $(#[doc = $rdoc:literal])* $Record:ident = $c_record:ident {
                $( $(#[doc = $rfdoc:literal])* $rfield:ident $([$rcount:ident])? : $rkind:ident $rjson:literal, )*
            }
        )* }
        actions { $(
            $(#[doc = $adoc:literal])* $effect:ident $Action:ident = $function:ident, document $document:literal, $rate:literal a second
            $(#[doc = $qdoc:literal])* request $c_request:ident $(<$life:lifetime>)? {
                $( $(#[doc = $pdoc:literal])* $parameter:ident $([$pcount:ident])? : $pkind:ident $pjson:literal, $rule:expr; )*
            }
            $(#[doc = $sdoc:literal])* response $Response:ident = $c_response:ident, $output:ident {
                $( $(#[doc = $fdoc:literal])* $field:ident $([$count:ident])? : $kind:ident $json:literal $(of $Row:ident = $c_row:ident)?, )*
            }
        )* }
    ) => {
        Group {
            records: &[ $( Struct {
                doc: &[ $($rdoc),* ],
                name: stringify!($c_record),
                fields: &[ $( Field {
                    doc: &[ $($rfdoc),* ],
                    name: stringify!($rfield),
                    count: concat!($(stringify!($rcount))?),
                    kind: stringify!($rkind),
                    row: "",
                } ),* ],
            } ),* ],
            actions: &[ $( Action {
                doc: &[ $($adoc),* ],
                effect: stringify!($effect),
                name: stringify!($Action),
                function: stringify!($function),
                document: $document,
                rate: $rate,
                request_doc: &[ $($qdoc),* ],
                request: stringify!($c_request),
                parameters: &[ $( (Field {
                    doc: &[ $($pdoc),* ],
                    name: stringify!($parameter),
                    count: concat!($(stringify!($pcount))?),
                    kind: stringify!($pkind),
                    row: "",
                }, $rule) ),* ],
                output: stringify!($output),
                response: Struct {
                    doc: &[ $($sdoc),* ],
                    name: stringify!($c_response),
                    fields: &[ $( Field {
                        doc: &[ $($fdoc),* ],
                        name: stringify!($field),
                        count: concat!($(stringify!($count))?),
                        kind: stringify!($kind),
                        row: concat!($(stringify!($c_row))?),
                    } ),* ],
                },
            } ),* ],
        }
    };
}

const GROUPS: [Group; 5] = [
    licenses::licenses!(group),
    projects::projects!(group),
    devices::devices!(group),
    sessions::sessions!(group),
    permissions::permissions!(group),
];

/// What cbindgen is to see of a group: the structs and functions that `src/ffi/bindings.rs` makes of the same description.
fn typed_calls(group: &Group) -> String {
    let records = group.records.iter().map(|record| c_struct(record.doc, record.name, &fields(record)));
    let actions = group.actions.iter().map(|action| {
        let request = c_struct(&[], action.request, &parameters(action));
        let response = c_struct(action.response.doc, action.response.name, &fields(&action.response));
        let doc = comment(action.request_doc, &format!("Initialise it with {}.", initialiser_name(action)));
        format!("{doc}{request}{response}{}", c_function(action))
    });
    records.chain(actions).collect()
}

/// A comment; what is said behind its last line begins with a blank.
fn comment(doc: &[&str], rest: &str) -> String {
    let mut text: String = doc.iter().map(|line| format!("///{line}\n")).collect();
    if !rest.is_empty() {
        text.truncate(text.trim_end().len());
        text = if text.is_empty() { "///".to_owned() } else { text } + " " + rest + "\n";
    }
    text
}

fn c_struct(doc: &[&str], name: &str, fields: &str) -> String {
    format!("{}#[repr(C)]\npub struct {name} {{\n{fields}}}\n", comment(doc, ""))
}

fn fields(of: &Struct) -> String {
    of.fields.iter().map(|field| c_field(field, "")).collect()
}

fn c_field(Field { doc, name, count, kind, row }: &Field, remark: &str) -> String {
    let c_type = match *kind {
        "text" | "secret" => "*const c_char",
        "texts" => "*const *const c_char",
        "rows" => &format!("*const *const {row}"),
        _ => "i64",
    };
    let counted =
        if count.is_empty() { String::new() } else { format!("/// How many there are.\npub {count}: usize,\n") };
    format!("{}pub {name}: {c_type},\n{counted}", comment(doc, remark))
}

fn parameters(action: &Action) -> String {
    let (name, initialiser) = (action.request, initialiser_name(action));
    let size = format!("/// sizeof({name}), by {initialiser}.\npub struct_size: usize,\n");
    let given = action.parameters.iter().map(|(field, rule)| c_field(field, &as_sentence(&rule.remark())));
    let rest = "/// For this call: 1 to 600000 ms; 0: the client's.\npub deadline_ms: u32,\n/// Must be 0.\npub reserved: u32,\n";
    size + &given.collect::<String>() + rest
}

fn as_sentence(remark: &str) -> String {
    let (first, rest) = remark.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
}

fn initialiser_name(action: &Action) -> String {
    format!("{}_INIT", action.request.to_uppercase())
}

fn initialiser(action: &Action) -> String {
    let given = action.parameters.iter().map(|(field, _)| match field.kind {
        "number" => "0, ",
        "texts" => "NULL, 0, ",
        _ => "NULL, ",
    });
    let (given, name, request) = (given.collect::<String>(), initialiser_name(action), action.request);
    format!(
        "\n/** What {request} begins as: nothing given. */\n#define {name} \\\n    {{ sizeof({request}), {given}0, 0 }}\n"
    )
}

/// How what reads treats its buffer, and how what changes something does.
const READS: &str = "\
/// If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
/// second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
/// the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
";
const CHANGES: &str = "\
/// It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
/// carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
";

fn c_function(action: &Action) -> String {
    let Action { effect, name, function, document, rate, request, output, response, .. } = action;
    let is_part = |line: &&&str| line.trim_start().starts_with("@par");
    let parts_begin = action.doc.iter().position(|line| is_part(&line)).unwrap_or(action.doc.len());
    let (doc, parts) = action.doc.split_at(parts_begin);
    let ids = action.parameters.iter().filter(|(field, _)| field.kind == "texts").map(|(field, _)| field.count);
    let ids: Vec<&str> = ids.collect();
    let (protocol, size, effect) = match *effect {
        "changes" => {
            let ids = if ids.is_empty() { "0".to_owned() } else { format!("request->{}", ids.join(" + request->")) };
            let size = format!(
                "Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE({ids}): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is\n\
                 ///                     sent. With that, it does not fail for want of room."
            );
            (CHANGES, size, "it changes something")
        }
        _ => (READS, "Its size in bytes.".to_owned(), "it changes nothing"),
    };
    let (doc, parts) = (comment(doc, ""), comment(parts, ""));
    let what = action.request_doc.join(" ");
    let what = what.trim().trim_end_matches('.');
    format!(
        "{doc}///
{protocol}///
/// @param client       Must not be NULL.
/// @param request      {what}; must not be NULL. Copied.
/// @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
/// @param buffer_size  {size}
/// @param {output:<12} Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
///                     NULL; *{output} is NULL after a failure.
/// @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
///                     any alignment; else 0.
/// @param error        What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
///         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
///         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
///         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
///         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any number at the same time on one client. Each needs a buffer of its own.
/// @par Blocking
/// Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
/// @par Action
/// {name}, version 2022-03-25; {effect}; {rate} requests a second:
/// https://www.tencentcloud.com/document/api/1252/{document}
{parts}/// @since 0.1.0
#[no_mangle]
pub unsafe extern \"C\" fn {function}(
    client: *const trro_client,
    request: *const {request},
    buffer: *mut c_void,
    buffer_size: usize,
    {output}: *mut *const {response},
    needed_size: *mut usize,
    error: *mut trro_error,
) -> trro_status {{}}
",
        response = response.name,
    )
}
