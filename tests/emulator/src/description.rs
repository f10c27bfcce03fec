//! The actions as tables, made from the descriptions that the library has its own requests from. What is shared is what the
//! documents say: the code that checks it is the emulator's own, see [`crate::parameters`].

// The files are the library's: formatted there, and with more in them than is needed here.
#[rustfmt::skip]
#[allow(dead_code, reason = "what the rules are in words is for the library's documentation")]
#[path = "../../../src/api/describe.rs"]
mod describe;
#[rustfmt::skip]
#[path = "../../../src/api/devices.rs"]
mod devices;
#[rustfmt::skip]
#[path = "../../../src/api/licenses.rs"]
mod licenses;
#[rustfmt::skip]
#[path = "../../../src/api/permissions.rs"]
mod permissions;
#[rustfmt::skip]
#[path = "../../../src/api/projects.rs"]
mod projects;
#[rustfmt::skip]
#[path = "../../../src/api/sessions.rs"]
mod sessions;

use describe::*;
pub use describe::{Rule, Set, Text};

/// An action of the service.
#[derive(Debug)]
pub struct Action {
    pub name: &'static str,
    /// Whether it changes anything.
    pub changes: bool,
    /// How often the service takes it.
    pub requests_per_s: u32,
    pub parameters: &'static [Parameter],
}

/// What may be sent with an action.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// What it has to be like. Of a number this speaks as the library's callers do: see [`Rule::Number`].
    pub rule: Rule,
}

macro_rules! effect {
    (reads) => {
        false
    };
    (changes) => {
        true
    };
}

/// A group of actions as a table.
macro_rules! table {
    (
        records { $($records:tt)* }
        actions { $(
            $(#[doc = $doc:literal])*
            $effect:ident $Action:ident = $function:ident, document $document:literal, $rate:literal a second
            $(#[doc = $request_doc:literal])*
            request $c_request:ident $(<$life:lifetime>)? { $(
                $(#[doc = $parameter_doc:literal])*
                $parameter:ident $([$count:ident])? : $kind:ident $name:literal, $rule:expr;
            )* }
            $(#[doc = $response_doc:literal])*
            response $Response:ident = $c_response:ident, $output:ident { $($fields:tt)* }
        )* }
    ) => {
        &[ $( Action {
            name: stringify!($Action),
            changes: effect!($effect),
            requests_per_s: $rate,
            parameters: &[ $( Parameter { name: $name, rule: $rule } ),* ],
        } ),* ]
    };
}

const GROUPS: [&[Action]; 5] = [
    licenses::licenses!(table),
    projects::projects!(table),
    devices::devices!(table),
    sessions::sessions!(table),
    permissions::permissions!(table),
];

/// Only the service for China has it, and the library does not know it; so this is written by hand, from its document.
const BOUND_LICENSES: Action = Action {
    name: "BoundLicenses",
    changes: true,
    requests_per_s: 20,
    parameters: &[
        // A number that something is sent for in any case has to be there.
        Parameter { name: "Count", rule: Rule::Number { least: 1, most: i64::MAX, default: Some(1), sent_less: 0 } },
        Parameter { name: "DeviceId", rule: REQUIRED },
        Parameter { name: "ProjectId", rule: REQUIRED },
    ],
};

/// Every action that the emulator serves.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    GROUPS.into_iter().flatten().chain([&BOUND_LICENSES])
}

/// The action of this name.
pub fn action(name: &str) -> Option<&'static Action> {
    actions().find(|action| action.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_the_actions_of_the_international_service_and_one_more() {
        assert_eq!(actions().count(), 19 + 1);
        assert_eq!(actions().filter(|action| action.changes).count(), 8 + 1);
    }

    #[test]
    fn two_actions_may_be_called_more_often() {
        let often: Vec<_> = actions().filter(|action| action.requests_per_s == 50).map(|action| action.name).collect();
        assert_eq!(often, ["CreateDevice", "ModifyDevice"]);
        assert!(actions().all(|action| [20, 50].contains(&action.requests_per_s)));
    }
}
