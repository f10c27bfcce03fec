//! The parameters of a request, checked as the service is documented to check them.

use serde_json::{Map, Value};

use crate::Options;
use crate::description::{Action, Parameter, Rule, Set, Text};
use crate::service::Refusal;

/// The numbers that the service documents a value for where none is sent; every other number of a page has to be there.
const WITH_DEFAULT: [(&str, &str); 2] = [("DescribeProjectList", "PageNumber"), ("DescribeProjectList", "PageSize")];

/// The parameters of a request that keeps to what the action takes.
pub struct Parameters<'a> {
    action: &'static Action,
    values: &'a Map<String, Value>,
    largest_page: i64,
}

impl<'a> Parameters<'a> {
    /// Why they are refused, if they are. The published samples have numbers as strings now and then; nothing says that the
    /// service takes them, and the emulator does not.
    pub fn checked(
        action: &'static Action,
        values: &'a Map<String, Value>,
        options: &Options,
    ) -> Result<Parameters<'a>, Refusal> {
        let is_known = |name: &str| action.parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = values.keys().find(|name| !is_known(name)) {
            return Err(Refusal::new("UnknownParameter", format!("The parameter `{name}` is not recognized.")));
        }
        for parameter in action.parameters {
            match given(values, parameter.name) {
                Some(value) => check(parameter, value, options)?,
                None if is_required(action, parameter) => return Err(Refusal::missing(parameter.name)),
                None => {}
            }
        }
        Ok(Parameters { action, values, largest_page: options.max_page_size })
    }

    /// A string, if one is given.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        given(self.values, name)?.as_str()
    }

    /// A string that the action requires.
    pub fn required(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// The strings of a list.
    pub fn texts(&self, name: &str) -> Vec<&'a str> {
        given(self.values, name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A number, or what it is where none is given.
    pub fn number(&self, name: &str) -> Option<i64> {
        let default = || match self.action.parameters.iter().find(|parameter| parameter.name == name)?.rule {
            Rule::Number { default, .. } => default,
            _ => None,
        };
        given(self.values, name).and_then(Value::as_i64).or_else(default)
    }

    /// The rows of the page that is asked for.
    pub fn page<T>(&self, rows: impl IntoIterator<Item = T>) -> Vec<T> {
        let number = self.number("PageNum").or_else(|| self.number("PageNumber")).unwrap_or(1);
        let size = self.number("PageSize").unwrap_or(self.largest_page).min(self.largest_page);
        let skipped = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        rows.into_iter().skip(skipped).take(usize::try_from(size).unwrap_or(usize::MAX)).collect()
    }
}

/// Null says that none is given.
fn given<'a>(values: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    values.get(name).filter(|value| !value.is_null())
}

fn is_required(action: &Action, parameter: &Parameter) -> bool {
    match parameter.rule {
        Rule::Text { is_required, .. } => is_required,
        Rule::Texts => true,
        Rule::Number { default, .. } => default.is_some() && !WITH_DEFAULT.contains(&(action.name, parameter.name)),
    }
}

fn check(parameter: &Parameter, value: &Value, options: &Options) -> Result<(), Refusal> {
    match parameter.rule {
        Rule::Text { text, .. } => {
            let given = value.as_str().ok_or_else(|| wrong_type(parameter, "a string"))?;
            if allows(text, given) { Ok(()) } else { Err(wrong_text(parameter, text)) }
        }
        Rule::Texts => check_texts(parameter, value),
        Rule::Number { least, most, sent_less, .. } => {
            let number = value.as_i64().ok_or_else(|| wrong_type(parameter, "an integer"))?;
            let (least, most) = range(parameter, (least, most), sent_less, options);
            check_number(parameter, number, least, most)
        }
    }
}

/// What is sent is between these. The rule is for the library's callers, whose 0 says that none is given.
fn range(parameter: &Parameter, (least, most): (i64, i64), sent_less: i64, options: &Options) -> (i64, i64) {
    match parameter.name {
        // The service documents no largest page: it is an option.
        "PageSize" if options.page_size_is_clamped => (least, i64::MAX),
        "PageSize" => (least, options.max_page_size),
        // As in the published samples.
        "StartTime" | "EndTime" => (0, most),
        _ => (least - sent_less, most - sent_less),
    }
}

fn check_texts(parameter: &Parameter, value: &Value) -> Result<(), Refusal> {
    let elements = value.as_array().ok_or_else(|| wrong_type(parameter, "a list"))?;
    if !elements.iter().all(Value::is_string) {
        return Err(wrong_type(parameter, "a list of strings"));
    }
    if elements.is_empty() || elements.iter().any(|element| element == "") {
        return Err(wrong_text(parameter, Text::Any));
    }
    Ok(())
}

fn check_number(parameter: &Parameter, number: i64, least: i64, most: i64) -> Result<(), Refusal> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    let name = parameter.name;
    let message = format!("The value `{number}` of the parameter `{name}` is not in the range {least} to {most}.");
    Err(Refusal::new("InvalidParameterValue", message))
}

fn allows(text: Text, given: &str) -> bool {
    match text {
        Text::Any => !given.is_empty(),
        Text::OneOf(words) => words.contains(&given),
        Text::Of { least, most, set } => {
            let length = given.chars().count();
            least <= length && length <= most && given.chars().all(|character| is_of(set, character))
        }
    }
}

fn is_of(set: Set, character: char) -> bool {
    let is_latin = character.is_ascii_alphanumeric();
    match set {
        Set::All => true,
        Set::LowerCase => (is_latin && !character.is_ascii_uppercase()) || character == '_',
        Set::Name => is_latin || character == '_' || !character.is_ascii(),
        Set::Alphanumeric => is_latin,
    }
}

fn wrong_type(parameter: &Parameter, expected: &str) -> Refusal {
    let message = format!("The parameter `{}` is not {expected}.", parameter.name);
    Refusal::new("InvalidParameter", message)
}

/// Without the value: it may be a password.
fn wrong_text(parameter: &Parameter, text: Text) -> Refusal {
    let expected = match text {
        Text::Any => "is empty".to_owned(),
        Text::OneOf(words) => format!("is none of {}", words.join(", ")),
        Text::Of { least, most, .. } => format!("does not have {least} to {most} of the characters that it may have"),
    };
    let message = format!("The value of the parameter `{}` {expected}.", parameter.name);
    Refusal::new("InvalidParameterValue", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let text = Text::Of { least: 1, most: 3, set: Set::Name };
        assert!(allows(text, "驾驶舱"));
        assert!(!allows(text, "驾驶舱_"));
        assert!(!allows(text, "a-b"));
    }

    #[test]
    fn a_set_has_what_its_name_says() {
        let of = |set| "aZ0_é ".chars().filter(|character| is_of(set, *character)).collect::<String>();
        assert_eq!(of(Set::All), "aZ0_é ");
        assert_eq!(of(Set::LowerCase), "a0_");
        assert_eq!(of(Set::Name), "aZ0_é");
        assert_eq!(of(Set::Alphanumeric), "aZ0");
    }
}
