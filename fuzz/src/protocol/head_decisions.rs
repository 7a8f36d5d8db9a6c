//! Heads that we refuse and `httparse` takes, each with the section that decides.

use ws_core::head::HeadError;

/// Why we refuse what `httparse` may take; `None` for what both must refuse.
pub(super) const fn stricter(error: HeadError) -> Option<&'static str> {
    Some(match error {
        HeadError::EmptyLines => "RFC 9112 2.2: one empty line before a request line is enough of robustness",
        HeadError::BareLineFeed => "RFC 9112 2.2: a recipient MAY take LF alone for a line end; we do not",
        HeadError::NotHttp => {
            "RFC 9112 2.2: an empty line before a status line is no robustness asked of a client"
        }
        HeadError::StatusCode => "RFC 9110 15: a status code is from 100 to 999",
        HeadError::MethodTooLong => "RFC 9110 15.6.2: no method that exists is so long",
        HeadError::TargetTooLong(_) => "RFC 9110 15.5.15: a target over its limit",
        HeadError::LineTooLong(_) | HeadError::HeadTooLarge(_) | HeadError::TooManyFields(_) => {
            "RFC 6585 5: a limit on the fields"
        }
        HeadError::TargetByte(_) => "RFC 3986 2: a byte that stands in no production",
        HeadError::TargetNotAscii => "RFC 3986 2.1: other characters are percent-encoded",
        HeadError::TargetFragment => "RFC 9112 3.2, RFC 6455 3: a fragment is never sent",
        HeadError::TargetPercentEncoding => "RFC 3986 2.1: % is followed by two digits",
        HeadError::TargetForm => "RFC 9112 3.2: one of the four forms",
        HeadError::TargetScheme => "RFC 6455 4.2.1: an HTTP/HTTPS URI",
        HeadError::TargetAuthority(_) => "RFC 3986 3.2: the authority of a URI",
        _ => return None,
    })
}
