//! Alerts: what a server says when it breaks off (RFC 8446 6.2).

use rustls::AlertDescription as Alert;

use super::error::TlsError;
use super::explain::Scene;
use super::witness::Asked;

/// What an alert comes to.
pub(super) fn explained(alert: Alert, scene: &Scene<'_>) -> TlsError {
    let rejected = || TlsError::ClientCertificateRejected { alert: name(alert) };
    match (alert, scene.asked) {
        (Alert::ProtocolVersion, _) => TlsError::VersionUnsupported { oldest: scene.oldest },
        (Alert::CertificateRequired, Asked::Sent) => rejected(),
        // RFC 5246 7.4.6: before TLS 1.3 there was no alert of its own for a certificate that is missing. By the time
        // the server asks for one, there is nothing else left to disagree on.
        (alert, Asked::Sent) if alert == Alert::HandshakeFailure || is_of_certificates(alert) => rejected(),
        (alert, Asked::Unsuited) if is_of_nothing(alert) => TlsError::NothingInCommon {
            reason: "the server takes no signature that the key of the client certificate can make"
                .to_owned(),
        },
        (alert, Asked::HadNone) if is_of_nothing(alert) => TlsError::ClientCertificateRequired,
        (Alert::CertificateRequired, _) => TlsError::ClientCertificateRequired,
        // RFC 6066 3.
        (Alert::UnrecognisedName, _) => TlsError::NameUnknown { name: scene.name.to_owned() },
        (Alert::HandshakeFailure | Alert::InsufficientSecurity, _) => {
            TlsError::NothingInCommon { reason: format!("the server says {}", name(alert)) }
        }
        // RFC 7301 3.2.
        (Alert::NoApplicationProtocol, _) => TlsError::NothingInCommon {
            reason: format!("the server does not speak HTTP/1.1 on this port ({})", name(alert)),
        },
        (alert, _) => TlsError::Alert { alert: name(alert) },
    }
}

/// Whether it may mean that a certificate is not good enough.
fn is_of_certificates(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError
            | Alert::BadCertificateHashValue
            | Alert::CertificateUnobtainable
    )
}

/// Whether it may mean that a certificate is missing.
fn is_of_nothing(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::CertificateRequired
            | Alert::HandshakeFailure
            | Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
    )
}

/// Its name and number in the registry of IANA.
fn name(alert: Alert) -> String {
    let number = u8::from(alert);
    let name = match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => "an alert without a name",
    };
    format!("{name} ({number})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::tls::TlsVersion;

    fn told(number: u8, asked: Asked) -> TlsError {
        let scene = Scene { name: "example.com", oldest: TlsVersion::Tls12, asked };
        explained(Alert::from(number), &scene)
    }

    // RFC 8446 6.2: what each alert is for.
    #[test]
    fn alerts_have_their_meaning() {
        assert!(matches!(told(70, Asked::No), TlsError::VersionUnsupported { .. }));
        assert!(matches!(told(112, Asked::No), TlsError::NameUnknown { name } if name == "example.com"));
        for number in [40, 71, 120] {
            assert!(matches!(told(number, Asked::No), TlsError::NothingInCommon { .. }), "{number}");
        }
        for (number, shown) in [
            (80, "internal_error (80)"),
            (42, "bad_certificate (42)"),
            (200, "an alert without a name (200)"),
        ] {
            assert!(
                matches!(told(number, Asked::No), TlsError::Alert { alert } if alert == shown),
                "{number}"
            );
        }
    }

    #[test]
    fn once_a_certificate_was_asked_for_alerts_are_about_it() {
        assert!(matches!(told(116, Asked::No), TlsError::ClientCertificateRequired));
        for number in [40, 42, 46, 48, 49, 116] {
            assert!(matches!(told(number, Asked::HadNone), TlsError::ClientCertificateRequired), "{number}");
            assert!(matches!(told(number, Asked::Unsuited), TlsError::NothingInCommon { .. }), "{number}");
        }
        for number in [40, 42, 43, 44, 45, 46, 48, 49, 51, 116] {
            let rejected = told(number, Asked::Sent);
            assert!(
                matches!(&rejected, TlsError::ClientCertificateRejected { alert } if alert.ends_with(&format!("({number})"))),
                "{rejected}"
            );
        }
        for asked in [Asked::HadNone, Asked::Sent] {
            assert!(matches!(told(80, asked), TlsError::Alert { .. }));
            assert!(matches!(told(70, asked), TlsError::VersionUnsupported { .. }));
        }
    }
}
