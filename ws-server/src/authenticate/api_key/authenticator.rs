use std::{borrow::Cow, future::ready, sync::Arc};

use ws_core::{head::RequestHead, refusal::Challenge};
use zeroize::Zeroize;

use super::keys::ApiKeys;
use crate::authenticate::{
    AuthenticationError, Authenticator, BoxFuture, CredentialsFault, HandshakeContext, Identity, Scheme,
    places::{self, malformed},
    replaceable::Replaceable,
};

/// Authenticates by an API key in a header field, `X-Api-Key` by default, or in the query.
///
/// The name of the key is the subject, and by it the key can be revoked. A key that is not known is
/// `credentials-rejected`; one that is empty, repeated or in two places at once is `credentials-malformed`.
///
/// ```
/// use ws_server::Route;
/// use ws_server::authenticate::Authenticator;
/// use ws_server::authenticate::api_key::{ApiKey, ApiKeyEntry, ApiKeys};
///
/// let hash = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";
/// let keys = ApiKeys::new([ApiKeyEntry::hashed("probe", hash)?.with_roles(["monitor"])])?;
/// let by_key = ApiKey::new("chat", keys);
/// assert_eq!(by_key.challenges()[0].to_string(), r#"ApiKey realm="chat", header="X-Api-Key""#);
///
/// let handle = by_key.clone();
/// let route = Route::new(|_session| async {}).authenticate(by_key);
/// // Later, while the server runs: nobody has a key any more.
/// handle.replace(ApiKeys::default());
/// # Ok::<(), ws_server::authenticate::api_key::ApiKeysError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ApiKey {
    realm: String,
    header: Option<String>,
    parameter: Option<String>,
    keys: Arc<Replaceable<ApiKeys>>,
}

impl ApiKey {
    /// Takes these keys from `X-Api-Key`; challenges for `realm` (RFC 9110 11.5).
    pub fn new(realm: impl Into<String>, keys: ApiKeys) -> Self {
        Self {
            realm: realm.into(),
            header: Some("X-Api-Key".to_owned()),
            parameter: None,
            keys: Arc::new(Replaceable::new(keys)),
        }
    }

    /// Takes them from another header field; `None`: from none.
    #[must_use]
    pub fn header(mut self, name: impl Into<Option<String>>) -> Self {
        self.header = name.into();
        self
    }

    /// Takes them from this parameter of the query, too. Addresses end up in logs and histories, and keys live long:
    /// a header field is the better place.
    #[must_use]
    pub fn query(mut self, parameter: impl Into<String>) -> Self {
        self.parameter = Some(parameter.into());
        self
    }

    /// Takes these keys from now on. Clones share them.
    pub fn replace(&self, keys: ApiKeys) {
        self.keys.set(keys);
    }

    fn identify(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        let mut key = self.find(request.head())?;
        let answer = self.judge(&key);
        // A key that had to be decoded was copied for that.
        if let Cow::Owned(copy) = &mut key {
            copy.zeroize();
        }
        answer
    }

    fn judge(&self, key: &[u8]) -> Result<Identity, AuthenticationError> {
        if key.is_empty() {
            return Err(malformed(CredentialsFault::KeyEmpty));
        }
        let keys = self.keys.get();
        let entry = keys.find(key).ok_or(AuthenticationError::CredentialsRejected)?;
        Ok(Identity::new(Scheme::ApiKey)
            .with_subject(&entry.name)
            .with_credential_id(&entry.name)
            .with_roles(&entry.roles)
            .with_scopes(&entry.scopes))
    }

    fn find<'a>(&self, head: &'a RequestHead) -> Result<Cow<'a, [u8]>, AuthenticationError> {
        let header = match &self.header {
            Some(name) => places::only(head.fields().get_all(name), CredentialsFault::KeyRepeated)?,
            None => None,
        };
        let parameter = match &self.parameter {
            Some(name) => places::query(head, name)?,
            None => None,
        };
        match (header, parameter) {
            (Some(_), Some(_)) => Err(malformed(CredentialsFault::TwoPlaces)),
            (Some(key), None) => Ok(Cow::Borrowed(key)),
            (None, Some(Cow::Borrowed(key))) => Ok(Cow::Borrowed(key.as_bytes())),
            (None, Some(Cow::Owned(key))) => Ok(Cow::Owned(key.into_bytes())),
            (None, None) => Err(AuthenticationError::CredentialsMissing),
        }
    }
}

impl Authenticator for ApiKey {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(ready(self.identify(request)))
    }

    /// `ApiKey realm="…", header="…", parameter="…"`: where the key goes.
    fn challenges(&self) -> Vec<Challenge> {
        let places = [("header", &self.header), ("parameter", &self.parameter)];
        let challenge = Challenge::api_key(&self.realm);
        let told = places.into_iter().filter_map(|(kind, name)| Some((kind, name.as_deref()?)));
        vec![told.fold(challenge, |challenge, (kind, name)| places::challenge(challenge, kind, name))]
    }
}
