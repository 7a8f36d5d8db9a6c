//! Keys that take one of a few words.

use super::Fault;
use super::schema::nearest;
use super::value::Word;

/// What one of a few words stands for.
pub(crate) trait Choice {
    /// The words.
    const NAMES: &'static [&'static str];

    /// The word for it.
    fn name(self) -> &'static str;
}

/// Declares a word's choices once: the type, the texts, and their order.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $what:literal, $example:literal, { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant),+ }

        impl Choice for $name {
            const NAMES: &'static [&'static str] = &[$($text),+];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl Word for $name {
            const WHAT: &'static str = $what;
            const EXAMPLE: &'static str = $example;

            fn parse(text: &str) -> Result<Self, Fault> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Fault::Choice {
                        found: text.to_owned(),
                        choices: Self::NAMES,
                        nearest: nearest(text, Self::NAMES),
                    }),
                }
            }
        }
    };
}

choice! {
    /// How much a refusal tells a stranger.
    Disclosure, "a level of disclosure", "\"standard\"", {
        Full = "full", Standard = "standard", Minimal = "minimal",
    }
}

choice! {
    /// How a refusal reaches the client.
    Delivery, "a way of delivery", "\"http\"", {
        Http = "http", CloseFrame = "close-frame", Auto = "auto",
    }
}

choice! {
    /// Which versions of the PROXY protocol stand before a connection.
    ProxyProtocol, "a version of the PROXY protocol", "\"off\"", {
        Off = "off", V1 = "v1", V2 = "v2", Any = "any",
    }
}

choice! {
    /// Whether a client has to show a certificate.
    Demand, "a demand", "\"optional\"", {
        Optional = "optional", Required = "required",
    }
}

choice! {
    /// How somebody says who they are.
    Authentication, "an authenticator", "\"bearer\"", {
        Bearer = "bearer",
        Basic = "basic",
        ApiKey = "api-key",
        Cookie = "cookie",
        Ticket = "ticket",
        ClientCertificate = "client-certificate",
        Introspection = "introspection",
        None = "none",
    }
}

choice! {
    /// Who is asked whether somebody may, after scopes and roles.
    Authorization, "an authorizer", "\"remote\"", {
        Remote = "remote", Cedar = "cedar",
    }
}

choice! {
    /// Whether a live connection may present a fresh credential.
    Renewal, "a way of renewal", "\"message\"", {
        Off = "off", Message = "message",
    }
}

choice! {
    /// On which leg messages are compressed.
    Compression, "a choice of legs", "\"both\"", {
        Off = "off", Client = "client", Upstream = "upstream", Both = "both",
    }
}
