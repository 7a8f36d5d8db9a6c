//! JSON as a signed credential needs it: one object, and no member twice.
//!
//! RFC 7515 4 and RFC 7519 4 let a parser refuse repeated names or take the last one; two parsers that choose
//! differently read two different tokens from the same bytes, so repeats are refused at every depth.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// Why some bytes are not a JSON object that a signed credential may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// Not JSON in UTF-8 (RFC 8259), or nested deeper than 128 levels.
    #[error("is not JSON")]
    Syntax,
    /// JSON, but not an object.
    #[error("is not a JSON object")]
    NotAnObject,
    /// An object, here or further in, has the same member twice.
    #[error("has a member twice")]
    DuplicateMember,
}

/// Parses one JSON object with nothing but white space around it.
pub(super) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonFault> {
    let duplicate = Cell::new(false);
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { duplicate: &duplicate }.deserialize(&mut parser);
    let value = value.and_then(|value| parser.end().map(|()| value));
    match value {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(JsonFault::NotAnObject),
        Err(_) if duplicate.get() => Err(JsonFault::DuplicateMember),
        Err(_) => Err(JsonFault::Syntax),
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    duplicate: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if members.contains_key(&name) {
                self.duplicate.set(true);
                return Err(A::Error::custom("a member twice"));
            }
            let value = entries.next_value_seed(self)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_an_object_of_everything() {
        let text = br#" {"a":null,"b":true,"c":-1,"d":18446744073709551615,"e":1.5,"f":"x\u0041","g":[1,{"h":{}}]} "#;
        let expected: Value = serde_json::from_slice(text).unwrap();
        assert_eq!(Value::Object(parse_object(text).unwrap()), expected);
    }

    #[test]
    fn refuses_what_is_no_object() {
        for text in ["null", "true", "1", "\"a\"", "[]", "[{}]"] {
            assert_eq!(parse_object(text.as_bytes()), Err(JsonFault::NotAnObject), "{text}");
        }
        for text in ["", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":1,}", "{\"a\":1e999}", "\u{feff}{}"] {
            assert_eq!(parse_object(text.as_bytes()), Err(JsonFault::Syntax), "{text}");
        }
        assert_eq!(parse_object(b"{\"a\":\"\xff\"}"), Err(JsonFault::Syntax));
        assert_eq!(parse_object(&vec![b'['; 100_000]), Err(JsonFault::Syntax), "depth is limited");
    }

    // RFC 7519 4: claim names are unique; RFC 7515 10.12: escapes do not make another name of the same characters.
    #[test]
    fn refuses_repeated_members_at_every_depth() {
        for text in [
            r#"{"exp":1,"exp":2}"#,
            r#"{"exp":1,"exp":1}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
        ] {
            assert_eq!(parse_object(text.as_bytes()), Err(JsonFault::DuplicateMember), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_where_nothing_repeats(text in r#"\{("[a-d]":(1|"x"|\[\]|\{"[ab]":null\})(,)?){0,3}\}"#) {
            let ours = parse_object(text.as_bytes());
            let theirs = serde_json::from_str::<Value>(&text);
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(&Value::Object(ours.clone()), theirs),
                (Err(JsonFault::DuplicateMember), _) | (Err(JsonFault::Syntax), Err(_)) => {}
                _ => prop_assert!(false, "{:?} {:?}", ours, theirs),
            }
        }
    }
}
