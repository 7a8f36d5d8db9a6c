//! Ready-made credentials: those that open a door, and one for each way in which they do not.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Serialize;
use serde_json::{Value, json};
use ws_server::authenticate::bearer::{SignError, Signer, Verifier};

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "guarded-chat";
const HOUR: i64 = 3600;

/// The tokens of this start of the program: each start has a key of its own.
pub(crate) struct Credentials {
    verifier: Verifier,
    list: Vec<Credential>,
}

/// A credential to try.
#[derive(Debug, Serialize)]
pub(crate) struct Credential {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    /// Whether it opens the lobby.
    works: bool,
    token: Option<String>,
}

impl Credentials {
    /// Draws a key and makes all tokens.
    pub(crate) fn mint() -> Result<Self, Box<dyn std::error::Error>> {
        let mut secret = [0; 32];
        SystemRandom::new().fill(&mut secret).map_err(|_| "the system has no random numbers to give")?;
        let signer = Signer::hs256(&secret)?;
        let verifier = Verifier::new(signer.verifying_key()).issuer(ISSUER).audience(AUDIENCE);
        Ok(Self { verifier, list: list(&signer)? })
    }

    /// What believes these tokens, the good ones.
    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier.clone()
    }

    pub(crate) fn list(&self) -> &[Credential] {
        &self.list
    }

    /// What to try, with command lines that can be pasted as they are.
    pub(crate) fn instructions(&self, server: &str) -> String {
        let mut text = format!(
            "\nOpen {server}/ in two browser windows and chat. From a terminal, ask what a handshake would be told:\n"
        );
        for works in [true, false] {
            let title =
                if works { "Credentials that open a door" } else { "Credentials that do not, and say why" };
            let _ = writeln!(text, "\n{title}");
            for each in self.list.iter().filter(|each| each.works == works) {
                let bearer = each
                    .token
                    .as_ref()
                    .map(|token| format!(" -H 'Authorization: Bearer {token}'"))
                    .unwrap_or_default();
                let _ = writeln!(
                    text,
                    "\n  {}: {}\n  curl -i -H 'Accept: application/problem+json'{bearer} {server}/rooms/lobby",
                    each.title, each.about
                );
            }
        }
        let _ = writeln!(
            text,
            "\nOther rooms: {server}/rooms/announcements, {server}/rooms/staff (role staff), {server}/rooms/attic (none).\n\
             Each refusal is a line below.\n"
        );
        text
    }
}

fn list(signer: &Signer) -> Result<Vec<Credential>, SignError> {
    let good = |id, title, about, token| Credential { id, title, about, works: true, token: Some(token) };
    let bad = |id, title, about, token| Credential { id, title, about, works: false, token };
    let member = claims("member", &["member"], "chat:read chat:write");
    let guest = claims("guest", &["guest"], "chat:read");
    let staff = claims("staff", &["member", "staff"], "chat:read chat:write");

    Ok(vec![
        good("member", "Member", "Reads and writes in lobby and announcements.", signer.sign(&member)?),
        good("guest", "Guest", "Talks in the lobby, only reads the announcements.", signer.sign(&guest)?),
        good("staff", "Staff", "A member who may also enter the staff room.", signer.sign(&staff)?),
        bad("missing", "No token", "The request says nothing about who you are.", None),
        bad(
            "expired",
            "Expired",
            "Was good until an hour ago.",
            Some(signer.sign(&with(&member, "exp", json!(now() - HOUR)))?),
        ),
        bad(
            "other-audience",
            "Wrong audience",
            "Genuine, but issued for another service.",
            Some(signer.sign(&with(&member, "aud", json!("billing")))?),
        ),
        bad(
            "tampered",
            "Tampered",
            "A guest wrote staff into the token after it was signed.",
            Some(tampered(&signer.sign(&guest)?, &with(&guest, "roles", json!(["staff"])))),
        ),
        bad(
            "unsigned",
            "Unsigned",
            "Says of itself that it needs no signature.",
            Some(format!("{}.{}.", encoded(&json!({ "alg": "none", "typ": "JWT" })), encoded(&member))),
        ),
        bad(
            "narrow",
            "Without scope",
            "Genuine, but not meant for chatting.",
            Some(signer.sign(&with(&member, "scope", json!("profile")))?),
        ),
    ])
}

/// The claims of a good token.
fn claims(subject: &str, roles: &[&str], scope: &str) -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "exp": now() + 24 * HOUR,
        "roles": roles,
        "scope": scope,
    })
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if let Value::Object(members) = &mut claims {
        members.insert(name.to_owned(), value);
    }
    claims
}

/// The token with other claims, and the signature that it had.
fn tampered(token: &str, claims: &Value) -> String {
    let mut parts = token.split('.');
    let (header, signature) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    format!("{header}.{}.{signature}", encoded(claims))
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use ws_core::refusal::Cause;
    use ws_server::authenticate::bearer::TokenError;

    use super::*;

    #[test]
    fn each_credential_is_what_it_says() {
        let credentials = Credentials::mint().expect("random numbers");
        for each in &credentials.list {
            let Some(token) = &each.token else { continue };
            let verified = credentials.verifier.verify(token, SystemTime::now());
            let cause = verified.as_ref().err().map(TokenError::cause);
            let expected = match each.id {
                "expired" => Some(Cause::TokenExpired),
                "other-audience" => Some(Cause::TokenAudienceWrong),
                "tampered" => Some(Cause::TokenSignatureInvalid),
                "unsigned" => Some(Cause::TokenAlgorithmDenied),
                _ => None,
            };
            assert_eq!(cause, expected, "{}", each.id);
            let reads = verified.is_ok_and(|who| who.has_scope("chat:read"));
            assert_eq!(reads, each.works, "{}", each.id);
        }
    }

    #[test]
    fn what_is_printed_can_be_pasted() {
        let text = Credentials::mint().expect("random numbers").instructions("http://127.0.0.1:9001");
        let lines: Vec<_> = text.lines().filter(|line| line.trim().starts_with("curl ")).collect();
        assert_eq!(lines.len(), 9);
        for line in lines {
            assert!(line.ends_with(" http://127.0.0.1:9001/rooms/lobby"), "{line}");
            assert_eq!(line.matches('\'').count() % 2, 0, "{line}");
        }
    }
}
