//! Message attributes: rules, size, MD5, and selection by a receive.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::{api::ApiError, sqs::error};

/// Attributes by name, which is the order for their MD5.
pub(crate) type Attributes = BTreeMap<String, Attribute>;

/// SQS: the most attributes of a message.
const ATTRIBUTES_MAX: usize = 10;
/// SQS: the longest name and the longest type of an attribute, in characters.
const NAME_MAX: usize = 256;

/// An attribute in the form of the API. `binary_value` is base64.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    #[serde(default)]
    pub(crate) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

impl Attribute {
    /// The bytes of the value. Binary values are decoded.
    fn bytes(&self) -> Vec<u8> {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(encoded)) => STANDARD.decode(encoded).unwrap_or_default(),
            (None, None) => Vec::new(),
        }
    }

    /// Whether the type is `kind`, with or without a custom label.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.data_type.split('.').next() == Some(kind)
    }

    fn check(&self, name: &str) -> Result<(), ApiError> {
        let invalid = |text: &str| Err(error::invalid(format!("The message attribute '{name}' {text}")));
        if self.data_type.is_empty() {
            return invalid("must contain a non-empty message attribute type.");
        }
        if self.data_type.len() > NAME_MAX || !(self.is("String") || self.is("Number") || self.is("Binary")) {
            return invalid("has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.");
        }
        let value = if self.is("Binary") { &self.binary_value } else { &self.string_value };
        let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else {
            return invalid(&format!("must contain a non-empty message attribute value for message attribute type '{}'.", self.data_type));
        };
        if self.is("Binary") && STANDARD.decode(value).is_err() {
            return invalid("must contain a base64-encoded binary value.");
        }
        if self.is("Number") && !value.trim().parse().is_ok_and(f64::is_finite) {
            return Err(error::invalid(format!("Can't cast the value of message attribute '{name}' to a number.")));
        }
        if !self.is("Binary") && !value.chars().all(allowed) {
            return Err(error::invalid_contents());
        }
        Ok(())
    }
}

/// Whether SQS accepts the character in a body or a string value.
pub(crate) fn allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Checks a message's attributes.
pub(crate) fn check(attributes: &Attributes) -> Result<(), ApiError> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(error::invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{ATTRIBUTES_MAX}].",
            attributes.len()
        )));
    }
    check_each(attributes)
}

/// Checks the attributes one by one, but not their number.
pub(crate) fn check_each(attributes: &Attributes) -> Result<(), ApiError> {
    for (name, attribute) in attributes {
        check_name(name)?;
        attribute.check(name)?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() {
        return Err(error::invalid("Message attribute name can not be null or empty."));
    }
    if name.len() > NAME_MAX {
        return Err(error::invalid(format!("Message attribute name can not be longer than {NAME_MAX} characters.")));
    }
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err(error::invalid("Message attribute names starting with 'AWS.' or 'Amazon.' are reserved for use by Amazon."));
    }
    let valid = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if !valid || name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return Err(error::invalid(format!("Invalid message attribute name '{name}'.")));
    }
    Ok(())
}

/// How many bytes the attributes add to the message's size: names, types and values.
pub(crate) fn size(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, attribute)| name.len() + attribute.data_type.len() + attribute.bytes().len()).sum()
}

/// The MD5 of the attributes in hexadecimal, by SQS's documentation. `None`: there are no attributes.
pub(crate) fn md5(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        part(&mut digest, name.as_bytes());
        part(&mut digest, attribute.data_type.as_bytes());
        // The kind of value in the digest: 1 for text, 2 for binary.
        digest.update([if attribute.is("Binary") { 2 } else { 1 }]);
        part(&mut digest, &attribute.bytes());
    }
    Some(hex(&digest.finalize()))
}

fn part(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

/// The MD5 of a text in hexadecimal.
pub(crate) fn md5_of(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// The attributes that a receive asks for: by name, by prefix (`foo.*`), or all (`All`, `.*`).
pub(crate) fn select(attributes: &Attributes, names: &[String]) -> Attributes {
    let wanted = |name: &str| {
        names.iter().any(|asked| match asked.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => asked == "All" || asked == name,
        })
    };
    attributes.iter().filter(|(name, _)| wanted(name)).map(|(name, attribute)| (name.clone(), attribute.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(given: &[(&str, &str, &str)]) -> Attributes {
        let attribute = |(name, kind, value): &(&str, &str, &str)| {
            let mut attribute = Attribute { data_type: (*kind).to_owned(), ..Attribute::default() };
            let value = Some((*value).to_owned());
            *(if attribute.is("Binary") { &mut attribute.binary_value } else { &mut attribute.string_value }) = value;
            ((*name).to_owned(), attribute)
        };
        given.iter().map(attribute).collect()
    }

    /// Known values. SQS returned the first three to others; the last was made by hand from SQS's documentation.
    #[test]
    fn the_md5_of_attributes_is_that_of_sqs() {
        let known = [
            (vec![("timestamp", "Number", "1493147359900")], "235c5c510d26fb653d073faed50ae77c"),
            (vec![("timestamp", "Number", "1493147359901")], "994258b45346a2cc3f9cbb611aa7af30"),
            (vec![("SOME_Valid.attribute-Name", "Number", "1493147359900")], "36655e7e9d7c0e8479fa3f3f42247ae7"),
            (vec![("b", "Binary", "AP8="), ("a", "String", "x")], "c4ec7d55335539420ccc7ec70efeb4a1"),
        ];
        for (given, md5_known) in known {
            assert_eq!(md5(&attributes(&given)).as_deref(), Some(md5_known), "{given:?}");
        }
        assert_eq!(md5(&Attributes::new()), None);
    }

    #[test]
    fn a_receive_selects_by_name_prefix_or_all() {
        let all = attributes(&[("foo.a", "String", "1"), ("foo.b", "String", "1"), ("bar", "String", "1")]);
        let table: [(&[&str], &[&str]); 6] = [
            (&[], &[]),
            (&["bar", "nothing"], &["bar"]),
            (&["foo.*"], &["foo.a", "foo.b"]),
            (&["foo.a", "foo.*"], &["foo.a", "foo.b"]),
            (&["All"], &["bar", "foo.a", "foo.b"]),
            (&[".*"], &["bar", "foo.a", "foo.b"]),
        ];
        for (asked, expected) in table {
            let names: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
            let selected = select(&all, &names);
            assert!(selected.keys().map(String::as_str).eq(expected.iter().copied()), "{asked:?}: {selected:?}");
        }
    }

    #[test]
    fn attributes_must_be_named_and_typed_and_have_a_value() {
        let valid = [("a", "String", "x"), ("a-b_c.d", "Number", "-1.5e3"), ("n", "Number.int", "7"), ("b", "Binary.png", "AP8=")];
        for given in valid {
            assert_eq!(check(&attributes(&[given])), Ok(()), "{given:?}");
        }
        let invalid = [
            ("", "String", "x"),
            (".a", "String", "x"),
            ("a..b", "String", "x"),
            ("AWS.a", "String", "x"),
            ("amazon.a", "String", "x"),
            ("a b", "String", "x"),
            ("a", "", "x"),
            ("a", "Text", "x"),
            ("a", "String", ""),
            ("a", "String", "\u{1}"),
            ("a", "Number", "seven"),
            ("a", "Binary", "not base64!"),
        ];
        for given in invalid {
            assert!(check(&attributes(&[given])).is_err(), "{given:?}");
        }
        let many: Vec<String> = (0..=ATTRIBUTES_MAX).map(|number| format!("a{number}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "String", "x")).collect();
        assert_eq!(check(&attributes(&many[1..])), Ok(()));
        assert!(check(&attributes(&many)).is_err());
    }
}
