//! The signing suite: a folder a case, a test a step, so that a failure names both. The cases a to c are published
//! vectors; those named trro are derived, and the official Python SDK's signer agrees with them.

mod support;

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use trro::sign::{self, SigningKey};

#[derive(Debug, Deserialize)]
struct Context {
    secret_id: String,
    secret_key: String,
    service: String,
    host: String,
    timestamp: i64,
    content_type: String,
    method: String,
    query: String,
    action: Option<String>,
}

/// Gives what one step of the scheme comes to.
type Step = fn(&Case) -> String;

/// Every step with the file that holds its result, in the order of the scheme.
const STEPS: [(&str, Step); 10] = [
    ("hashed-payload", |case| sign::hashed_payload(&case.body).to_owned()),
    ("canonical-request", |case| case.request().canonical_request()),
    ("date", |case| sign::utc_date(case.context.timestamp)),
    ("string-to-sign", Case::string_to_sign),
    ("secret-date", |case| hex::encode(case.secret_date().as_bytes())),
    ("secret-service", |case| hex::encode(sign::secret_service(&case.secret_date(), &case.context.service).as_bytes())),
    ("secret-signing", |case| hex::encode(case.secret_signing().as_bytes())),
    ("signed-headers", |case| case.request().signed_headers().to_owned()),
    ("signature", |case| sign::signature(&SigningKey::new(&case.secret_signing()), &case.string_to_sign()).to_owned()),
    ("authorization", |case| {
        let signature = sign::signature(&SigningKey::new(&case.secret_signing()), &case.string_to_sign());
        let (request, mut header) = (case.request(), String::new());
        let (id, scope) = (&case.context.secret_id, case.scope());
        sign::write_authorization(id, &scope, request.signed_headers(), &signature, &mut header);
        header
    }),
];

struct Case {
    context: Context,
    body: Vec<u8>,
}

impl Case {
    fn load(folder: &Path) -> Result<Case, Failed> {
        let context = serde_json::from_slice(&fs::read(folder.join("context.json"))?)?;
        Ok(Case { context, body: read(folder, "body")?.into_bytes() })
    }

    fn request(&self) -> sign::Request<'_> {
        sign::Request {
            method: &self.context.method,
            query: &self.context.query,
            content_type: &self.context.content_type,
            host: &self.context.host,
            action: self.context.action.as_deref(),
            body: &self.body,
        }
    }

    fn scope(&self) -> String {
        sign::credential_scope(&sign::utc_date(self.context.timestamp), &self.context.service)
    }

    fn string_to_sign(&self) -> String {
        sign::string_to_sign(&self.context.timestamp.to_string(), &self.scope(), &self.request().canonical_request())
    }

    fn secret_date(&self) -> sign::Key {
        sign::secret_date(&self.context.secret_key, &sign::utc_date(self.context.timestamp))
    }

    fn secret_signing(&self) -> sign::Key {
        sign::signing_key(&self.context.secret_key, &sign::utc_date(self.context.timestamp), &self.context.service)
    }
}

/// A file of the case without the line end at its end.
fn read(folder: &Path, name: &str) -> Result<String, Failed> {
    let path = folder.join(format!("{name}.txt"));
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

fn check(folder: &Path, step: &str, result: Step) -> Result<(), Failed> {
    let expected = read(folder, step)?;
    let actual = result(&Case::load(folder)?);
    if actual != expected {
        return Err(format!("{step} is\n{actual}\nand not\n{expected}").into());
    }
    Ok(())
}

fn main() {
    let mut trials = Vec::new();
    let mut folders: Vec<_> =
        fs::read_dir(support::root().join("tests/signing")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let case = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (step, result) in STEPS {
            let folder = folder.clone();
            trials.push(Trial::test(format!("{case}::{step}"), move || check(&folder, step, result)));
        }
    }
    assert_eq!(trials.len() % STEPS.len(), 0);
    assert!(trials.len() >= 5 * STEPS.len(), "the suite has lost cases");
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
