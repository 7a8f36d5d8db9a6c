//! TLS: the certificates of the gateway, and who vouches for those of its clients.

use ws_server::TlsFiles;

use super::server::Assembly;
use crate::config::{self, Fault};

/// The files of the section, which are right as they are now. The listener looks at them again by itself.
pub(super) fn files(section: &config::Tls, assembly: &Assembly<'_>) -> Option<TlsFiles> {
    let mut files = TlsFiles::new(section.certificate.resolve(), section.key.resolve());
    for sni in &section.sni {
        files = files.server_name(&**sni.name, sni.certificate.resolve(), sni.key.resolve());
    }
    if let Some(file) = &section.client_ca {
        files = files.client_ca(file.resolve());
    }
    let checked = files.check().map_err(|error| Fault::Tls(Box::new(error)));
    assembly.problems.take(&section.certificate.place, checked)?;
    Some(files)
}
