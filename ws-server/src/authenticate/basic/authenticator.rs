use std::{num::NonZero, path::Path, sync::Arc};

use ws_core::refusal::Challenge;

use super::{
    htpasswd::{Htpasswd, HtpasswdError},
    user_pass::UserPass,
    workers::{Workers, unavailable},
};
use crate::authenticate::{
    AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity, Scheme, places,
    replaceable::Replaceable,
};

/// Authenticates by a user and a password in `Authorization` (RFC 7617).
///
/// Passwords travel in every request, so that this is for TLS. Hashing one takes long, and is done on threads of its
/// own, of which so many run at once and no more; whoever comes when too many wait is answered
/// `authentication-unavailable`. A wrong password and a user who does not exist are the same `credentials-rejected`,
/// after the same time.
///
/// ```
/// use ws_server::Route;
/// use ws_server::authenticate::Authenticator;
/// use ws_server::authenticate::basic::{Basic, Htpasswd};
///
/// let users = Htpasswd::parse(b"ann:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n")?;
/// let by_password = Basic::new("chat", users);
/// assert_eq!(by_password.challenges()[0].to_string(), r#"Basic realm="chat", charset="UTF-8""#);
///
/// let handle = by_password.clone();
/// let route = Route::new(|_session| async {}).authenticate(by_password);
/// // Later, while the server runs: a file that is not there leaves everything as it is.
/// assert!(handle.reload("/no/such/users.htpasswd").is_err());
/// # Ok::<(), ws_server::authenticate::basic::HtpasswdError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Basic {
    realm: String,
    users: Arc<Replaceable<Htpasswd>>,
    workers: Workers,
}

impl Basic {
    /// Takes these users; challenges for `realm` (RFC 9110 11.5). One password is hashed for each core at once, and 16
    /// more wait for that.
    pub fn new(realm: impl Into<String>, users: Htpasswd) -> Self {
        Self {
            realm: realm.into(),
            users: Arc::new(Replaceable::new(users)),
            workers: Workers::for_this_machine(),
        }
    }

    /// How many passwords are hashed at once, and how many more wait for that.
    #[must_use]
    pub fn concurrency(mut self, running: NonZero<usize>, waiting: usize) -> Self {
        self.workers = Workers::new(running, waiting);
        self
    }

    /// Takes these users from now on. Clones share them.
    pub fn replace(&self, users: Htpasswd) {
        self.users.set(users);
    }

    /// Takes the users of this file from now on. This blocks.
    ///
    /// # Errors
    /// The file is not good. Everything is as it was then.
    pub fn reload(&self, path: impl AsRef<Path>) -> Result<(), HtpasswdError> {
        self.replace(Htpasswd::from_file(path)?);
        Ok(())
    }

    async fn identify(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        let UserPass { user, password } = UserPass::find(request.head())?;
        let users = self.users.get();
        let check = move || (users.verify(&user, &password), user);
        match self.workers.run(check).await? {
            (Ok(true), user) => Ok(Identity::new(Scheme::Basic).with_subject(user)),
            (Ok(false), _) => Err(AuthenticationError::CredentialsRejected),
            (Err(_), _) => Err(unavailable()),
        }
    }
}

impl Authenticator for Basic {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(self.identify(request))
    }

    /// `Basic realm="…", charset="UTF-8"` (RFC 7617 2.1).
    fn challenges(&self) -> Vec<Challenge> {
        vec![places::challenge(Challenge::basic(&self.realm), "charset", "UTF-8")]
    }
}
