//! Policies in the Cedar language as an authorizer.
//!
//! # What a policy sees
//! | | in a handshake | of an action |
//! |---|---|---|
//! | `principal` | `User::"SUBJECT"` with `roles`, `scopes`, `scheme`, `issuer` (if there is one) and `claims`, in `Role::"…"` for each role; `Anonymous::"anonymous"` for nobody | the same |
//! | `action` | `Action::"connect"` | `Action::"NAME"` |
//! | `resource` | `Path::"/rooms/7"`, or what [`Cedar::resource`] says, in `Route::"/rooms/{room}"` | `TYPE::"ID"` for `TYPE/ID`, `Resource::"…"` for another text, as in the handshake for none |
//! | `context` | `path`, `route`, `params`, `secure`, `address` (an `ipaddr`), `now` (a `datetime`) | the same |
//!
//! `claims` has those that [`Cedar::claims`] names. What is known of an entity from the handshake adds to what the file of
//! entities says of it, and replaces attributes of the same name.
//!
//! # Who a principal is
//! `User::"ann"` is whoever has the subject `ann`, whatever says so: each issuer of tokens, Basic, an API key, a client
//! certificate. Where a route takes more than one of them, or tokens of more than one issuer, a policy that names a user
//! has to say which is meant, or else somebody who can choose their name with one of them is taken for somebody of
//! another:
//! ```cedar
//! permit(principal == User::"ann", action, resource)
//! when { principal.scheme == "bearer" && principal has issuer && principal.issuer == "https://id.example" };
//! ```
//! The same goes for users in the file of entities, and for `Role::"…"`: roles are those that the credential brings.
//! Anonymous callers are no `User`.
//!
//! # When a policy cannot be evaluated
//! Cedar leaves it out. That would let in those whom a broken `forbid` should have kept out, and blame the caller where a
//! broken `permit` is the operator's fault; so the answer is `internal-error` where such a policy could have changed the
//! decision, and the log says which. One exception: a `permit` that asks for an entity or an attribute that is not there
//! does not apply. Otherwise strangers could provoke errors by asking for rooms that do not exist.

mod authorizer;
mod entities;
mod error;
mod policies;
mod question;
mod source;
#[cfg(test)]
mod tests;

pub use authorizer::Cedar;
pub use error::{CedarError, CedarPart, Place};
pub use policies::CedarPolicies;
pub use source::CedarSource;
