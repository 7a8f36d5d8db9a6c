//! The names of close codes.

/// What the IANA WebSocket Close Code Number Registry calls a code, or what its range is for (RFC 6455 7.4.2).
pub(super) const fn name(code: u16) -> &'static str {
    match code {
        1000 => "Normal Closure",
        1001 => "Going Away",
        1002 => "Protocol error",
        1003 => "Unsupported Data",
        1005 => "No Status Rcvd",
        1006 => "Abnormal Closure",
        1007 => "Invalid frame payload data",
        1008 => "Policy Violation",
        1009 => "Message Too Big",
        1010 => "Mandatory Ext.",
        1011 => "Internal Error",
        1012 => "Service Restart",
        1013 => "Try Again Later",
        1014 => "Bad Gateway",
        1015 => "TLS handshake",
        3000 => "Unauthorized",
        3003 => "Forbidden",
        3008 => "Timeout",
        3001..=3002 | 3004..=3007 | 3009..=3999 => "a code of a library or framework",
        4000..=4999 => "a code of this application's own",
        _ => "a code that is not assigned",
    }
}

/// What such a code means to who gets it.
pub(super) const fn meaning(code: u16) -> Option<&'static str> {
    Some(match code {
        1001 => "The server goes down, or moves this connection elsewhere.",
        1002 => "The server found that this side broke the protocol.",
        1003 => "The server does not take this kind of message: text where it wants binary, or the reverse.",
        1007 => "The server found data that does not fit its kind, such as text that is not UTF-8.",
        1008 => {
            "Something that this side did is against the server's policy; servers say so for want of a better code."
        }
        1009 => "A message was larger than the server takes.",
        1010 => "The server does not offer an extension that this side insists on.",
        1011 => "The server met an error of its own; its log tells which.",
        1012 => "The server restarts: connect again in a while.",
        1013 => "The server is overloaded: connect again later.",
        1014 => "The server is a gateway, and what is behind it answered wrongly.",
        3000 => "The server does not know who this is: the credentials are missing, wrong or have expired.",
        3003 => "The server knows who this is, and does not permit it.",
        3008 => "The server waited too long for something from this side.",
        _ => return None,
    })
}
