//! The documentation has every key, and no other.

use super::schema;

const GATEWAY: &str = include_str!("../GATEWAY.md");

/// The keys of each section, as far as they stand in its table.
fn documented() -> Vec<(String, String)> {
    let (mut keys, mut section) = (Vec::new(), None);
    for line in GATEWAY.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            let name = heading.trim_matches(['`', '[', ']']);
            section = Some(if name == "Everywhere" { String::new() } else { name.to_owned() });
        } else if line.starts_with("## ") {
            section = None;
        } else if let (Some(section), Some(row)) = (&section, line.strip_prefix("| `")) {
            let key = row.split('`').next().unwrap_or_default();
            keys.push((section.clone(), key.to_owned()));
        }
    }
    keys
}

#[test]
fn every_key_is_documented_once_and_in_order() {
    let sections: Vec<&str> = schema::GATEWAY.0.iter().map(|(section, _)| *section).collect();
    for (section, keys) in schema::GATEWAY.0 {
        let path =
            |key: &&str| if section.is_empty() { (*key).to_owned() } else { format!("{section}.{key}") };
        // A section is documented by its own table.
        let keys: Vec<&str> = keys.iter().filter(|key| !sections.contains(&&*path(key))).copied().collect();
        let written: Vec<String> =
            documented().into_iter().filter(|(name, _)| name == section).map(|(_, key)| key).collect();
        assert_eq!(written, keys, "[{section}]");
    }
    for (section, key) in documented() {
        assert!(sections.contains(&&*section), "[{section}] {key}");
    }
}
