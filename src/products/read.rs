//! The few ways every answer is read.

use jiff::civil::Date;

use super::DecodeError;
use crate::xml::Element;

/// The child of that name: at most one.
pub(super) fn optional<'a>(
    parent: &'a Element,
    namespace: &str,
    name: &'static str,
) -> Result<Option<&'a Element>, DecodeError> {
    parent
        .only_child(namespace, name)
        .map_err(|_| DecodeError::Repeated(name))
}

/// The child of that name: exactly one.
pub(super) fn required<'a>(
    parent: &'a Element,
    namespace: &str,
    name: &'static str,
) -> Result<&'a Element, DecodeError> {
    optional(parent, namespace, name)?.ok_or(DecodeError::Missing(name))
}

/// The trimmed text of a child that may be absent; blank counts as absent.
pub(super) fn optional_text<'a>(
    parent: &'a Element,
    namespace: &str,
    name: &'static str,
) -> Result<Option<&'a str>, DecodeError> {
    Ok(optional(parent, namespace, name)?
        .map(|element| element.text().trim())
        .filter(|text| !text.is_empty()))
}

/// The trimmed text of a child that must be there with something in it.
pub(super) fn required_text<'a>(
    parent: &'a Element,
    namespace: &str,
    name: &'static str,
) -> Result<&'a str, DecodeError> {
    optional_text(parent, namespace, name)?.ok_or(DecodeError::Missing(name))
}

/// A result code: 1 to 8 letters or digits. Unknown ones are kept, so they must be short and plain.
pub(super) fn code(text: &str, name: &'static str) -> Result<String, DecodeError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain && (1..=8).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(DecodeError::Malformed(name))
    }
}

/// An all-digit text as a number; signs, spaces and anything that does not fit are refused.
pub(super) fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}

/// A day from its numbers, if the calendar has it.
pub(super) fn day(year: &str, month: &str, day: &str) -> Option<Date> {
    Date::new(digits(year)?, digits(month)?, digits(day)?).ok()
}
