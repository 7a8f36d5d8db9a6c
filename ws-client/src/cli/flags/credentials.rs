//! Who the caller is.

use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use super::Usage;
use crate::Builder;
use crate::credentials::{Credentials, Placement, StaticToken, Token, TokenCommand, TokenFile};

/// The environment variable with a token.
const TOKEN: &str = "WS_TOKEN";
/// The environment variable with a user name and a password.
const BASIC: &str = "WS_BASIC";

#[derive(Args)]
#[command(next_help_heading = "Credentials")]
pub(super) struct CredentialFlags {
    /// Send a bearer token; --token-file and WS_TOKEN keep it out of sight.
    ///
    /// Everyone on this machine can see the command line. The environment variable WS_TOKEN is read where no other
    /// credentials are given.
    #[arg(long, value_name = "T", group = "who")]
    token: Option<String>,

    /// Send the token in this file.
    ///
    /// It is read again when it changes, and when the server does not accept the token.
    #[arg(long, value_name = "FILE", groups = ["who", "provider"])]
    token_file: Option<PathBuf>,

    /// Send the token that this command prints.
    ///
    /// The shell runs it, and again when the token runs out or is not accepted.
    #[arg(long, value_name = "COMMAND", groups = ["who", "provider"])]
    token_command: Option<String>,

    /// Where the token goes: header, query:NAME, cookie:NAME, subprotocol, or first-message.
    #[arg(long, value_name = "PLACE", value_parser = placement, default_value = "header")]
    token_in: Placement,

    /// Send a user name and a password; WS_BASIC keeps them out of sight.
    ///
    /// Everyone on this machine can see the command line. The environment variable WS_BASIC is read where no other
    /// credentials are given.
    #[arg(long, value_name = "USER:PASSWORD", group = "who")]
    basic: Option<String>,

    /// Tell each new token to the server on the open connection.
    ///
    /// With --token-file or --token-command, and where a server of this framework takes a token in a message.
    #[arg(long, requires = "provider")]
    renew_in_band: bool,

    /// Send credentials over plain ws:// to other machines too.
    ///
    /// Everyone on the way can read them there.
    #[arg(long)]
    allow_credentials_in_clear: bool,
}

impl CredentialFlags {
    /// `given`: whether a header has them already.
    pub(super) fn apply(&self, mut builder: Builder, given: bool) -> Result<Builder, Usage> {
        if self.allow_credentials_in_clear {
            builder = builder.allow_credentials_in_clear();
        }
        if let Some(token) = &self.token {
            return self.token(builder, token, "--token");
        }
        if let Some(file) = &self.token_file {
            return self.provided(builder, Credentials::new(TokenFile::new(file)));
        }
        if let Some(command) = &self.token_command {
            return self.provided(builder, Credentials::new(in_shell(command)));
        }
        if let Some(pair) = &self.basic {
            return basic(builder, pair, "--basic");
        }
        if given {
            return Ok(builder);
        }
        match (variable(TOKEN), variable(BASIC)) {
            (Some(token), _) => self.token(builder, &token, TOKEN),
            (None, Some(pair)) => basic(builder, &pair, BASIC),
            (None, None) => Ok(builder),
        }
    }

    fn token(&self, builder: Builder, token: &str, flag: &'static str) -> Result<Builder, Usage> {
        if self.token_in == Placement::Header {
            return builder.bearer_token(token).map_err(|source| Usage::Request { flag, source });
        }
        self.provided(builder, Credentials::new(StaticToken::new(Token::new(token))))
    }

    fn provided(&self, builder: Builder, credentials: Credentials) -> Result<Builder, Usage> {
        builder
            .credentials(credentials)
            .renew_in_band(self.renew_in_band)
            .credentials_in(self.token_in.clone())
            .map_err(|source| Usage::Request { flag: "--token-in", source })
    }
}

fn in_shell(command: &str) -> TokenCommand {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    TokenCommand::new(shell).args([flag, command]).called(program_of(command).unwrap_or(shell))
}

/// The program that a line of the shell begins with, behind variables that are set for it. The rest may be secrets.
fn program_of(command: &str) -> Option<&str> {
    command.split_whitespace().find(|word| !word.contains('='))
}

fn basic(builder: Builder, pair: &str, flag: &'static str) -> Result<Builder, Usage> {
    let (user, password) = pair.split_once(':').ok_or(Usage::Basic { flag })?;
    builder.basic_auth(user, password).map_err(|source| Usage::Request { flag, source })
}

fn placement(text: &str) -> Result<Placement, Usage> {
    match text.split_once(':').unwrap_or((text, "")) {
        ("header", "") => Ok(Placement::Header),
        ("subprotocol", "") => Ok(Placement::Subprotocol),
        ("first-message", "") => Ok(Placement::FirstMessage),
        ("query", name) if !name.is_empty() => Ok(Placement::Query(name.to_owned())),
        ("cookie", name) if !name.is_empty() => Ok(Placement::Cookie(name.to_owned())),
        _ => Err(Usage::Placement),
    }
}

fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_called_by_its_program() {
        for (command, name) in [
            ("false", Some("false")),
            ("gcloud auth print-access-token", Some("gcloud")),
            ("KEY=secret helper --key hunter2", Some("helper")),
            ("KEY=secret", None),
        ] {
            assert_eq!(program_of(command), name, "{command}");
        }
    }
}
