//! Tokens: their keys, and the rules for them.

use ws_server::authenticate::bearer::{Algorithm, Bearer, JwkSet, Key, KeySource, Source, Verifier};

use super::server::{Assembly, REALM};
use crate::config::{self, At, Fault, FilePath, TokenPlace};

/// The authenticator that the section describes.
pub(super) fn bearer(section: &config::Bearer, assembly: &mut Assembly<'_>) -> Option<Bearer> {
    let mut verifier = verifier(section, assembly)?;
    if let Some(issuer) = &section.issuer {
        verifier = verifier.issuer(&**issuer);
    }
    if let Some(audience) = &section.audience {
        verifier = verifier.audience(&**audience);
    }
    let verifier =
        verifier.leeway(section.leeway).scope_claim(&section.scope_claim).roles_claim(&section.roles_claim);
    Some(Bearer::new(REALM, verifier).sources(sources(&section.from)))
}

/// Where tokens stand.
pub(super) fn sources(from: &[At<TokenPlace>]) -> impl Iterator<Item = Source> {
    from.iter().map(|place| match &place.value {
        TokenPlace::Query(name) => Source::Query(name.clone()),
        TokenPlace::Cookie(name) => Source::Cookie(name.clone()),
        TokenPlace::Subprotocol => Source::Subprotocol,
        TokenPlace::Header => Source::Header,
        TokenPlace::FirstMessage => Source::FirstMessage,
    })
}

/// The keys, without rules for what is claimed.
fn verifier(section: &config::Bearer, assembly: &mut Assembly<'_>) -> Option<Verifier> {
    let algorithms: Vec<Algorithm> = section.algorithms.iter().map(|algorithm| algorithm.value).collect();
    match &section.keys {
        config::KeySource::Secret(file) => {
            let secret = assembly.files.secret(file, assembly.problems)?;
            one_key(file, assembly, algorithms.first().map(|algorithm| Key::secret(*algorithm, &secret)))
        }
        config::KeySource::PublicKey(file) => {
            let pem = assembly.files.read(file, assembly.problems)?;
            one_key(file, assembly, algorithms.first().map(|algorithm| Key::public_pem(*algorithm, &pem)))
        }
        config::KeySource::Jwks(file) => {
            let json = assembly.files.read(file, assembly.problems)?;
            let allowed = if algorithms.is_empty() { &Algorithm::ASYMMETRIC[..] } else { &algorithms };
            let set = assembly.files.take(file, JwkSet::parse(&json, allowed), assembly.problems)?;
            Some(Verifier::with_keys(set))
        }
        config::KeySource::JwksUrl(url) => {
            let source = KeySource::address(url.0.as_str()).map_err(Fault::Endpoint);
            let source = assembly.problems.take(&url.place, source)?;
            Some(assembly.fetched(url.0.as_str(), &algorithms, source))
        }
        config::KeySource::OpenId(url) => {
            // The issuer as it was written: it is compared byte by byte (OpenID Connect Discovery 4.3).
            let source = KeySource::openid(&url.1).map_err(Fault::Endpoint);
            let source = assembly.problems.take(&url.place, source)?;
            Some(assembly.fetched(&format!("openid {}", url.1), &algorithms, source))
        }
    }
}

fn one_key(
    file: &At<FilePath>,
    assembly: &Assembly<'_>,
    key: Option<Result<Key, ws_server::authenticate::bearer::KeyError>>,
) -> Option<Verifier> {
    // Without an algorithm the section has been complained of already.
    assembly.files.take(file, key?, assembly.problems).map(Verifier::new)
}

impl Assembly<'_> {
    /// A verifier with the keys of a source: the one that has them already, if there is one.
    fn fetched(&mut self, place: &str, algorithms: &[Algorithm], source: KeySource) -> Verifier {
        let recipe = format!("{place} {algorithms:?}");
        let before = self.before.keys.clone().filter(|(before, _)| *before == recipe);
        let verifier = before.map_or_else(
            || {
                let source = if algorithms.is_empty() {
                    source
                } else {
                    source.algorithms(algorithms.iter().copied())
                };
                Verifier::with_source(source)
            },
            |(_, verifier)| verifier,
        );
        self.parts.keys = Some((recipe, verifier.clone()));
        verifier
    }
}
