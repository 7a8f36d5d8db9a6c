use std::time::{Duration, SystemTime};

use serde_json::json;
use ws_core::head::{RequestHead, Version};

use super::*;
use crate::{
    authenticate::{HandshakeContext, Identity, Params, Scheme},
    authorize::{Action, Authorization, AuthorizationError, Authorizer, Permit},
};

fn policies(text: &str) -> CedarPolicies {
    CedarPolicies::new(&CedarSource::new(text)).unwrap()
}

fn ann() -> Identity {
    let claims = json!({ "home": "7", "level": 3, "ratio": 0.5, "nothing": null, "tags": ["a", "b"], "of": { "x": true } });
    let serde_json::Value::Object(claims) = claims else { unreachable!() };
    Identity::new(Scheme::Bearer)
        .with_subject("ann")
        .with_issuer("https://id.example")
        .with_roles(["member"])
        .with_scopes(["chat:read"])
        .with_claims(claims)
}

/// A handshake from 192.0.2.1 for `/rooms/ROOM`.
fn connect(cedar: &Cedar, room: &str, who: &Identity) -> Authorization {
    let path = format!("/rooms/{room}");
    let head = RequestHead::from_parts("GET", &path, Version::HTTP_11, [("Host", "example.com")]).unwrap();
    let params: Params = [("room", room)].into_iter().collect();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000);
    let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), now)
        .with_route("/rooms/{room}")
        .with_params(&params);
    poll(cedar.authorize(&request, who))
}

fn poll(mut future: crate::authenticate::BoxFuture<'_, Authorization>) -> Authorization {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

fn act(cedar: &Cedar, name: &str, resource: &str) -> Authorization {
    let params: Params = [("room", "7")].into_iter().collect();
    let action = Action::new(name, resource, SystemTime::UNIX_EPOCH)
        .with_path("/rooms/7")
        .with_route("/rooms/{room}")
        .with_params(&params);
    poll(cedar.authorize_action(&action, &ann()))
}

fn denied(rule: &'static str) -> Authorization {
    Err(AuthorizationError::PolicyDenied { rule: rule.into() })
}

#[test]
fn the_deciding_policies_are_named() {
    let cedar = Cedar::new(policies(
        r#"
        @id("members") permit(principal in Role::"member", action == Action::"connect", resource);
        permit(principal == User::"ann", action, resource);
        @id("closed") forbid(principal, action, resource == Path::"/rooms/9");
        "#,
    ));
    assert_eq!(connect(&cedar, "7", &ann()), Ok(Permit::by("members, policy1")));
    assert_eq!(connect(&cedar, "9", &ann()), denied("closed"));
    let nobody = denied("no Cedar policy permits");
    assert_eq!(connect(&cedar, "7", &Identity::anonymous()), nobody);
    assert_eq!(connect(&cedar, "7", &Identity::new(Scheme::Basic).with_subject("bob")), nobody);
    // A subject that is called like nobody is somebody.
    let cedar = Cedar::new(policies(r#"permit(principal == Anonymous::"anonymous", action, resource);"#));
    assert_eq!(connect(&cedar, "7", &Identity::anonymous()), Ok(Permit::by("policy0")));
    assert_eq!(connect(&cedar, "7", &Identity::new(Scheme::Basic).with_subject("anonymous")), nobody);
}

// The example of the module.
#[test]
fn a_name_alone_does_not_say_whose_it_is() {
    let by_name = Cedar::new(policies(r#"permit(principal == User::"ann", action, resource);"#));
    let by_issuer = Cedar::new(policies(
        r#"permit(principal == User::"ann", action, resource)
        when { principal.scheme == "bearer" && principal has issuer && principal.issuer == "https://id.example" };"#,
    ));
    let basic = Identity::new(Scheme::Basic).with_subject("ann");
    let nobody = denied("no Cedar policy permits");
    for other in [basic, ann().with_issuer("https://other.example")] {
        assert_eq!(connect(&by_name, "7", &other), Ok(Permit::by("policy0")));
        assert_eq!(connect(&by_issuer, "7", &other), nobody);
    }
    assert_eq!(connect(&by_issuer, "7", &ann()), Ok(Permit::by("policy0")));
}

#[test]
fn policies_see_what_the_module_says() {
    for condition in [
        r#"principal.roles.contains("member") && principal.scopes.contains("chat:read")"#,
        r#"principal.scheme == "bearer" && principal.issuer == "https://id.example""#,
        r#"principal.claims.level == 3 && principal.claims.tags.contains("b") && principal.claims.of.x"#,
        "!(principal.claims has ratio) && !(principal.claims has nothing) && !(principal.claims has secret)",
        r#"context.path == "/rooms/7" && context.route == "/rooms/{room}" && context.params.room == "7""#,
        r#"!context.secure && context.address.isInRange(ip("192.0.2.0/24"))"#,
        r#"context.now == datetime("2025-11-24T16:00:00Z")"#,
        r#"context.now.toTime() < duration("17h")"#,
        r#"resource in Route::"/rooms/{room}" && resource == Path::"/rooms/7""#,
        r#"action == Action::"connect""#,
    ] {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let claims = ["home", "level", "ratio", "nothing", "tags", "of", "absent"];
        let cedar = Cedar::new(policies(&text)).claims(claims);
        assert_eq!(connect(&cedar, "7", &ann()), Ok(Permit::by("policy0")), "{condition}");
    }
}

#[test]
fn actions_are_upon_what_they_name() {
    let cedar = Cedar::new(policies(
        r#"
        @id("own") permit(principal, action == Action::"delete", resource == Message::"17");
        @id("room") permit(principal, action == Action::"speak", resource == Room::"7");
        @id("route") permit(principal, action == Action::"listen", resource in Route::"/rooms/{room}");
        @id("text") permit(principal, action, resource == Resource::"everything");
        "#,
    ));
    let cedar = cedar.resource("room", "Room").unwrap();
    assert_eq!(act(&cedar, "delete", "Message/17"), Ok(Permit::by("own")));
    assert_eq!(act(&cedar, "delete", "Message/18"), denied("no Cedar policy permits"));
    assert_eq!(act(&cedar, "speak", ""), Ok(Permit::by("room")));
    assert_eq!(act(&cedar, "listen", "Message/18"), Ok(Permit::by("route")));
    assert_eq!(act(&cedar, "whatever", "everything"), Ok(Permit::by("text")));
}

#[test]
fn types_may_be_in_a_namespace() {
    let text = r#"permit(principal in Chat::Role::"member", action == Chat::Action::"connect", resource is Chat::Room);"#;
    let cedar = Cedar::new(policies(text)).namespace("Chat").unwrap().resource("room", "Room").unwrap();
    assert_eq!(connect(&cedar, "7", &ann()), Ok(Permit::by("policy0")));
    assert!(Cedar::new(policies(text)).namespace("1").is_err());
    assert!(Cedar::new(policies(text)).resource("room", "a-b").is_err());
}

const ENTITIES: &str = r#"[
    { "uid": { "type": "User", "id": "ann" }, "attrs": { "age": 20, "scheme": "file" }, "parents": [{ "type": "Group", "id": "g" }] },
    { "uid": { "type": "Group", "id": "g" }, "attrs": {}, "parents": [{ "type": "Group", "id": "h" }] },
    { "uid": { "type": "Group", "id": "h" }, "attrs": {}, "parents": [] },
    { "uid": { "type": "Role", "id": "member" }, "attrs": { "rank": 1 }, "parents": [{ "type": "Role", "id": "any" }] },
    { "uid": { "type": "Path", "id": "/rooms/7" }, "attrs": {
        "owner": { "__entity": { "type": "User", "id": "bob" } },
        "doors": [{ "to": { "__entity": { "type": "Path", "id": "/rooms/8" } } }]
    }, "parents": [] },
    { "uid": { "type": "User", "id": "bob" }, "attrs": { "boss": { "__entity": { "type": "User", "id": "ann" } } }, "parents": [] },
    { "uid": { "type": "User", "id": "root" }, "attrs": { "on_call": true }, "parents": [] }
]"#;

/// Of the entities only those are looked at that a decision can reach: it must not be seen.
#[test]
fn all_entities_that_can_be_reached_are_there() {
    for condition in [
        r#"principal in Group::"h" && principal in Role::"member" && principal in Role::"any""#,
        r#"principal.age == 20 && principal.scheme == "bearer""#,
        "resource.owner != principal && resource.owner.boss == principal && resource.owner.boss.age == 20",
        r#"resource.doors.contains({ to: Path::"/rooms/8" })"#,
        r#"User::"root".on_call && User::"bob".boss in Group::"h" && Role::"member".rank == 1"#,
        r#"!(resource has key) && !(Path::"/rooms/8" has key)"#,
    ] {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let source = CedarSource::new(text).entities(ENTITIES);
        let cedar = Cedar::new(CedarPolicies::new(&source).unwrap());
        assert_eq!(connect(&cedar, "7", &ann()), Ok(Permit::by("policy0")), "{condition}");
    }
}

#[test]
fn a_policy_that_cannot_be_evaluated_is_a_fault_where_it_counts() {
    let broken = "when { context.path > 1 }";
    let absent = "when { resource.key == 1 }";
    let (permit, forbid) = ("permit(principal, action, resource)", "forbid(principal, action, resource)");
    let internal = || Err(AuthorizationError::Internal);
    for (text, expected) in [
        (format!("{permit} {broken};"), internal()),
        (format!("{permit} {absent};"), denied("no Cedar policy permits")),
        (format!("{permit}; {permit} {broken};"), Ok(Permit::by("policy0"))),
        (format!("{permit}; {forbid} {broken};"), internal()),
        (format!("{permit}; {forbid} {absent};"), internal()),
        (format!("{forbid} {broken};"), denied("no Cedar policy permits")),
        (format!("{forbid}; {permit} {broken};"), denied("policy0")),
    ] {
        assert_eq!(connect(&Cedar::new(policies(&text)), "7", &ann()), expected, "{text}");
    }
}

#[test]
fn policies_are_replaced_in_all_clones() {
    let cedar = Cedar::new(policies(r#"@id("old") permit(principal, action, resource);"#));
    let clone = cedar.clone();
    cedar.replace(policies(r#"@id("new") permit(principal, action, resource);"#));
    assert_eq!(connect(&clone, "7", &ann()), Ok(Permit::by("new")));
}

const SCHEMA: &str = r#"
entity Role;
entity Route;
entity User in [Role] { roles?: Set<String>, scopes?: Set<String> };
entity Path in [Route] { owner?: User };
action "speak" appliesTo { principal: User, resource: Path };
action "connect" in [Action::"speak"] appliesTo { principal: User, resource: Path, context: { path: String } };
"#;

#[test]
fn a_schema_is_held_against_policies_and_entities() {
    let source = |policies: &str| CedarSource::new(policies).schema(SCHEMA);
    let good = r#"permit(principal in Role::"member", action in [Action::"speak"], resource);"#;
    // Groups of actions are the schema's.
    let cedar = Cedar::new(CedarPolicies::new(&source(good)).unwrap());
    assert_eq!(connect(&cedar, "7", &ann()), Ok(Permit::by("policy0")));
    // Within a schema, references need no escape.
    let entities = r#"[{ "uid": { "type": "Path", "id": "/rooms/7" }, "attrs": { "owner": { "type": "User", "id": "ann" } }, "parents": [] }]"#;
    let owner =
        r"permit(principal, action, resource) when { resource has owner && resource.owner == principal };";
    let cedar = Cedar::new(CedarPolicies::new(&source(owner).entities(entities)).unwrap());
    assert_eq!(connect(&cedar, "7", &ann()), Ok(Permit::by("policy0")));

    let error = |source: &CedarSource| CedarPolicies::new(source).unwrap_err().to_string();
    let typo = "permit(principal, action, resource)\nwhen { principal.rolles.contains(\"a\") };";
    let text = error(&source(typo));
    assert!(text.starts_with("policies:2: ") && text.contains("rolles") && text.contains("roles"), "{text}");
    let text = error(&source(good).entities(entities.replace("User", "Usr")));
    assert!(text.starts_with("entities: ") && text.contains("Usr"), "{text}");
    let text = error(&CedarSource::new(good).schema("entity Role;\nentity User in [Rolle];"));
    assert!(text.starts_with("schema") && text.contains("Rolle"), "{text}");
}

#[test]
fn a_broken_text_is_told_by_file_and_line() {
    let error = |source: &CedarSource| CedarPolicies::new(source).unwrap_err();
    let text = |source: &CedarSource| error(source).to_string();
    let good = "permit(principal, action, resource);";

    let broken = CedarSource::new(format!("{good}\n\npermit(principal, action resource);"));
    assert!(text(&broken).starts_with("policies:3: unexpected token `resource`"), "{}", text(&broken));
    let template = CedarSource::new(r#"@id("t") permit(principal == ?principal, action, resource);"#);
    assert!(matches!(error(&template), CedarError::Template { policy, .. } if policy == "t"));
    let twice = CedarSource::new(format!(r#"@id("a") {good} @id("a") {good}"#));
    assert!(matches!(error(&twice), CedarError::DuplicateId { policy, .. } if policy == "a"));
    let json = CedarSource::new(good).entities("[\n{ \"uid\": ]");
    assert!(text(&json).starts_with("entities:2: expected value"), "{}", text(&json));
    let missing = CedarSource::new(good).entities(r#"[{ "uid": { "type": "User", "id": "ann" } }]"#);
    assert!(text(&missing).contains("missing field `attrs`"), "{}", text(&missing));

    let directory = std::env::temp_dir().join(format!("ws-server-cedar-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("policies.cedar");
    std::fs::write(&file, "permit(principal, action, resource)").unwrap();
    let from_file = CedarSource::read(&file).unwrap();
    assert!(text(&from_file).starts_with(&format!("{}:1: ", file.display())), "{}", text(&from_file));
    let CedarError::Invalid { place, part, help, .. } = error(&from_file) else { panic!() };
    assert_eq!((place.file, place.line, part), (Some(file), Some(1), CedarPart::Policies));
    let absent = from_file.read_entities(directory.join("absent.json")).unwrap_err();
    assert!(matches!(absent, CedarError::Unreadable { kind: std::io::ErrorKind::NotFound, .. }), "{help:?}");
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Whoever may choose the resource cannot choose one that makes the question senseless.
#[test]
fn a_route_may_be_the_resource() {
    let cedar =
        Cedar::new(policies(r#"@id("in") permit(principal, action, resource in Route::"/rooms/{room}");"#));
    assert_eq!(act(&cedar, "read", "Route//rooms/{room}"), Ok(Permit::by("in")));
    assert_eq!(act(&cedar, "read", "Route/other"), Ok(Permit::by("in")));
}
