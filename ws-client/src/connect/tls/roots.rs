//! The roots of this machine, read once for the whole process.

use std::sync::Arc;

use rustls::RootCertStore;
use tokio::sync::OnceCell;

/// The machine's roots, or why there are none; what could not be read is tried again the next time.
///
/// Cancel safe.
pub(crate) async fn platform() -> Result<Arc<RootCertStore>, String> {
    static ROOTS: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();
    let load = || async {
        // They are many files, and may be on a disk that does not answer.
        tokio::task::spawn_blocking(load).await.map_err(|error| error.to_string())?
    };
    ROOTS.get_or_try_init(load).await.cloned()
}

fn load() -> Result<Arc<RootCertStore>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    // Machines have certificates that nobody can parse; the others are not worse for it.
    let (added, ignored) = store.add_parsable_certificates(found.certs);
    match (added, found.errors.first()) {
        (0, Some(error)) => Err(error.to_string()),
        (0, None) if ignored > 0 => Err(format!("none of {ignored} certificates can be parsed")),
        (0, None) => Err("none was found".to_owned()),
        _ => Ok(Arc::new(store)),
    }
}
