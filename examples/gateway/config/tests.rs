use std::path::{Path, PathBuf};

use super::reader::ASKED;
use super::*;

/// A directory of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gateway-config-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file for the test");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn full() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway/config/testdata/full.toml")
}

/// What is said about a file, the directory left out.
fn said(name: &str, text: &str) -> Vec<String> {
    let folder = Folder::new(name);
    let path = folder.write("gateway.toml", text);
    let base = format!("{}/", folder.0.display());
    let problems = Config::load(&path).err().unwrap_or_default();
    problems.iter().map(|problem| problem.to_string().replace(&base, "")).collect()
}

const ROUTE: &str = "[[route]]\npath = \"/\"\nupstream = \"echo\"\nauthenticate = [\"none\"]\n";
const LISTEN: &str = "listen = \"127.0.0.1:0\"\n";

fn assert_said(name: &str, text: &str, expected: &[&str]) {
    assert_eq!(said(name, text), expected, "{text}");
}

#[test]
fn the_file_with_every_key_loads() {
    ASKED.take();
    let config = Config::load(&full()).map_err(|problems| problems.iter().map(ToString::to_string).collect());
    let config = config.unwrap_or_else(|problems: Vec<String>| panic!("{}", problems.join("\n")));
    assert_eq!(config.routes.len(), 2);
    assert_eq!(config.limits.messages_per_connection.map(|rate| rate.count()), Some(10));
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.bearer.map(|bearer| bearer.from.len()), Some(4));
    assert_eq!(config.tls.map(|tls| tls.sni.len()), Some(1));
    // What the file is asked for is what the schema knows, all of it and nothing else.
    let asked = ASKED.take();
    let known: Vec<(&str, &str)> = schema::GATEWAY
        .0
        .iter()
        .flat_map(|(section, keys)| keys.iter().map(|key| (*section, *key)))
        .collect();
    let alternatives = ["public_key_file", "jwks_file", "jwks_url", "openid_issuer"];
    for (section, key) in &known {
        let is_asked = asked.iter().any(|(name, asked)| name == section && asked == key);
        assert!(is_asked || alternatives.contains(key), "nobody reads {section}.{key}");
    }
    for (section, key) in &asked {
        assert!(known.iter().any(|(name, known)| name == section && known == key), "{section}.{key}");
    }
}

#[test]
fn the_least_file_loads_with_the_documented_limits() {
    let folder = Folder::new("least");
    let path = folder.write("gateway.toml", &format!("{LISTEN}{ROUTE}"));
    let config = Config::load(&path).expect("it is right");
    let limits = config.limits;
    assert_eq!((limits.connections, limits.connections_per_address, limits.headers), (10_000, 100, 64));
    assert_eq!(limits.messages_per_connection, None);
    assert!(config.tls.is_none() && config.bearer.is_none() && config.admin_listen.is_none());
    assert_eq!(config.disclosure, Disclosure::Standard);
}

#[test]
fn files_that_are_no_configuration() {
    assert_said("empty", "", &["gateway.toml: listen: is missing; add `listen = \"127.0.0.1:9443\"`"]);
    assert_said(
        "syntax",
        "listen = 127.0.0.1\n[limits\n",
        &[
            "gateway.toml:1: is not TOML: invalid float, expected nothing; correct the line (texts stand in quotes)",
            "gateway.toml:2: is not TOML: unclosed table, expected `]`; correct the line (texts stand in quotes)",
        ],
    );
    let folder = Folder::new("absent");
    let problems = Config::load(&folder.0.join("nothing.toml")).err().unwrap_or_default();
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected = "nothing.toml: cannot be read: No such file or directory (os error 2); correct the path, or let this user read it";
    assert!(text.len() == 1 && text[0].ends_with(expected), "{text:?}");
    let binary = folder.0.join("binary.toml");
    std::fs::write(&binary, b"listen = \"\xff\"").expect("a file");
    let problems = Config::load(&binary).err().unwrap_or_default();
    assert!(problems[0].to_string().ends_with("is not UTF-8 at byte 10; save it as UTF-8"));
}

#[test]
fn keys_that_do_not_exist() {
    assert_said(
        "unknown",
        &format!(
            "lisen = 1\nidle_timeout = \"1s\"\nzzz = 1\n{LISTEN}[limits]\nping = 1\n[tsl]\n{ROUTE}orgins = []\n"
        ),
        &[
            "gateway.toml:1: lisen: no such key; did you mean `listen`?",
            "gateway.toml:2: idle_timeout: no such key here; it belongs into [limits]",
            "gateway.toml:3: zzz: no such key; there are `listen`, `disclosure`, `documentation`, `delivery`, `dry_run`, `trusted_proxies`, `proxy_protocol`, `served_hosts`, `admin_listen`, `tls`, `limits`, `address`, `bearer`, `basic`, `api_key`, `cookie`, `ticket`, `remote`, `cedar`, `introspection`, `upstream` and `route`",
            "gateway.toml:6: limits.ping: no such key; did you mean `ping_interval`?",
            "gateway.toml:7: tsl: no such key; did you mean `tls`?",
            "gateway.toml:12: route.orgins: no such key; did you mean `origins`?",
        ],
    );
}

#[test]
fn values_of_the_wrong_form() {
    assert_said(
        "types",
        &format!(
            "listen = 9443\ndry_run = \"yes\"\nserved_hosts = \"a\"\n[limits]\nhandshake_timeout = 10\nconnections = \"many\"\n{ROUTE}"
        ),
        &[
            "gateway.toml:1: listen: expected an address to listen on, found a number; write one in quotes, \"127.0.0.1:9443\"",
            "gateway.toml:2: dry_run: expected true or false, found a text; write true or false, without quotes",
            "gateway.toml:3: served_hosts: expected a list, found a text; write it in square brackets, [\"…\"]",
            "gateway.toml:5: limits.handshake_timeout: expected a duration, found a number; write one in quotes, \"10s\" or \"500ms\"",
            "gateway.toml:6: limits.connections: expected a number, found a text; write one without quotes, 1000",
        ],
    );
    assert_said(
        "sections",
        &format!("{LISTEN}tls = true\nroute = 1\n"),
        &[
            "gateway.toml:2: tls: expected a section, found true or false; write [section] above its keys",
            "gateway.toml:3: route: expected a list of sections, found a number; write [[section]] above its keys",
        ],
    );
}

#[test]
fn limits_that_limit_nothing_or_everything() {
    assert_said(
        "limits",
        &format!(
            "{LISTEN}[limits]\nhandshake_timeout = \"10 parsecs\"\nidle_timeout = \"0s\"\nattempts_per_address = \"many\"\nmessages_per_connection = \"0/1s\"\nconnections = 0\nheaders = 5000000000\n{ROUTE}"
        ),
        &[
            "gateway.toml:3: limits.handshake_timeout: \"10 parsecs\" is not a duration; write a number and a unit (ms, s, m, h), for example \"10s\" or \"500ms\"",
            "gateway.toml:4: limits.idle_timeout: nothing happens in no time; write more than zero, for example \"10s\"",
            "gateway.toml:5: limits.attempts_per_address: \"many\" is not a rate; write NUMBER/DURATION, for example \"20/1s\"",
            "gateway.toml:6: limits.messages_per_connection: a rate of \"0/1s\" lets nobody through; write at least one for a time above zero, \"1/1s\"",
            "gateway.toml:7: limits.connections: 0 is too small; write 1 or more",
            "gateway.toml:8: limits.headers: 5000000000 is too large; write 4294967295 or less",
        ],
    );
}

#[test]
fn addresses_that_are_none() {
    assert_said(
        "addresses",
        &format!(
            "listen = \"9443\"\nadmin_listen = \"localhost:port\"\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"proxy\",\n]\nserved_hosts = [\"*.example.com\"]\n[address]\ndeny = [\"10.1.2.3/8\"]\n{ROUTE}"
        ),
        &[
            "gateway.toml:1: listen: \"9443\" is not an address to listen on; write HOST:PORT, for example \"127.0.0.1:9443\"",
            "gateway.toml:2: admin_listen: \"localhost:port\" is not an address to listen on; write HOST:PORT, for example \"127.0.0.1:9443\"",
            "gateway.toml:5: trusted_proxies: \"proxy\" is not a network; write ADDRESS/PREFIX, for example \"10.0.0.0/8\", or one address, \"10.1.2.3\"",
            "gateway.toml:7: served_hosts: \"*.example.com\" is not a host; write HOST or HOST:PORT, for example \"chat.example.com\"",
            "gateway.toml:9: address.deny: \"10.1.2.3/8\" is an address inside a network; write the network, \"10.0.0.0/8\", or only the address",
        ],
    );
    assert_said(
        "admin",
        &format!(
            "listen = \"127.0.0.1:9\"\nadmin_listen = \"127.0.0.1:9\"\nproxy_protocol = \"v1\"\n{ROUTE}"
        ),
        &[
            "gateway.toml:2: admin_listen: the admin pages would share the address of the gateway; give them a port of their own",
            "gateway.toml:3: proxy_protocol: only a trusted proxy may say who the client is; add its address to `trusted_proxies`",
        ],
    );
}

#[test]
fn words_that_are_no_choice() {
    assert_said(
        "choices",
        &format!("{LISTEN}disclosure = \"minimum\"\ndelivery = \"pigeon\"\n{ROUTE}renewal = \"messages\"\n"),
        &[
            "gateway.toml:2: disclosure: \"minimum\" is not one of `full`, `standard` and `minimal`; did you mean `minimal`?",
            "gateway.toml:3: delivery: \"pigeon\" is not one of `http`, `close-frame` and `auto`",
            "gateway.toml:8: route.renewal: \"messages\" is not one of `off` and `message`; did you mean `message`?",
        ],
    );
}

#[test]
fn keys_and_their_algorithms() {
    let bearer = |keys: &str| format!("{LISTEN}[bearer]\n{keys}{ROUTE}");
    assert_said(
        "no-source",
        &bearer("algorithms = [\"HS256\"]\n"),
        &[
            "gateway.toml:2: bearer: no source of keys; add one of `secret_file`, `public_key_file`, `jwks_file`, `jwks_url` and `openid_issuer`",
        ],
    );
    assert_said(
        "two-sources",
        &bearer("secret_file = \"a\"\njwks_url = \"http://a/\"\nalgorithms = [\"HS256\"]\n"),
        &["gateway.toml:4: bearer.jwks_url: a second source of keys beside `secret_file`; keep one of them"],
    );
    assert_said(
        "confused",
        &bearer("secret_file = \"a\"\nalgorithms = [\"RS256\"]\n"),
        &[
            "gateway.toml:4: bearer.algorithms: RS256 does not work with secret_file; write one of `HS256`, `HS384` and `HS512`",
        ],
    );
    assert_said(
        "confused-public",
        &bearer("public_key_file = \"a\"\nalgorithms = [\"HS256\"]\n"),
        &[
            "gateway.toml:4: bearer.algorithms: HS256 does not work with public_key_file; write one of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` and `EdDSA`",
        ],
    );
    assert_said(
        "none",
        &bearer("secret_file = \"a\"\nalgorithms = [\"none\", \"hs256\"]\n"),
        &[
            "gateway.toml:4: bearer.algorithms: \"none\" is not one of `HS256`, `HS384`, `HS512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` and `EdDSA`",
            "gateway.toml:4: bearer.algorithms: \"hs256\" is not one of `HS256`, `HS384`, `HS512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` and `EdDSA`; did you mean `HS256`?",
        ],
    );
    assert_said(
        "no-algorithm",
        &bearer("secret_file = \"a\"\n"),
        &["gateway.toml:2: bearer.algorithms: is missing; add `algorithms = [\"HS256\"]`"],
    );
    assert_said(
        "places",
        &bearer("jwks_file = \"a\"\nfrom = [\"headers\", \"query:\", \"header\", \"header\"]\n"),
        &[
            "gateway.toml:4: bearer.from: \"headers\" is no place of a token; write \"header\", \"query:NAME\", \"cookie:NAME\", \"subprotocol\" or \"first-message\"",
            "gateway.toml:4: bearer.from: \"\" cannot be the name of a parameter; use letters, digits, '-' and '_'",
        ],
    );
}

#[test]
fn urls() {
    assert_said(
        "urls",
        &format!(
            "{LISTEN}[remote]\nurl = \"authorize\"\n[introspection]\nurl = \"ftp://a/\"\nclient_id = \"a\"\n[bearer]\njwks_url = \"https://user:secret@id/\"\n{ROUTE}"
        ),
        &[
            "gateway.toml:3: remote.url: \"authorize\" is not a URL: relative URL without a base; write \"http://127.0.0.1:8080/path\"",
            "gateway.toml:4: introspection.client_secret_file: is missing; add `client_secret_file = \"introspection.secret\"`",
            "gateway.toml:5: introspection.url: the URL has the scheme \"ftp\", which is not one of `http` and `https`",
            "gateway.toml:8: bearer.jwks_url: the URL holds a user or a password, which would stand in logs; remove it",
        ],
    );
}

#[test]
fn routes_that_cannot_be() {
    let route = |lines: &str| format!("{LISTEN}[[route]]\n{lines}");
    assert_said(
        "nothing",
        &route(""),
        &[
            "gateway.toml:2: route.path: is missing; add `path = \"/rooms/{room}\"`",
            "gateway.toml:2: route.upstream: is missing; add `upstream = \"echo\"`",
            "gateway.toml:2: route.authenticate: is missing; add `authenticate = [\"bearer\"]`",
        ],
    );
    assert_said(
        "lists",
        &route(
            "path = \"/\"\nupstream = \"http://a\"\nauthenticate = []\norigins = [\"app.example.com\"]\nsubprotocols = [\"a b\"]\nsubprotocol_required = true\n",
        ),
        &[
            "gateway.toml:4: route.upstream: the URL has the scheme \"http\", which is not one of `ws` and `wss`",
            "gateway.toml:5: route.authenticate: must not be empty; write [\"none\"] if everybody may come",
            "gateway.toml:6: route.origins: \"app.example.com\" is not an origin: not of the form scheme://host or scheme://host:port; write it as browsers do, for example \"https://app.example.com\"",
            "gateway.toml:7: route.subprotocols: \"a b\" is not a subprotocol; use letters, digits, dots and hyphens, for example \"chat.v1\"",
            "gateway.toml:8: route.subprotocol_required: a subprotocol is required, and there are none; add `subprotocols = [\"…\"]`, or remove this key",
        ],
    );
    let twice = format!("{LISTEN}{ROUTE}{ROUTE}");
    assert_said(
        "twice",
        &twice,
        &["gateway.toml:7: route.path: the same path as the route in line 3; give each route its own path"],
    );
    assert_said(
        "no-route",
        LISTEN,
        &["gateway.toml: there is no route, so that everybody would be refused; add a [[route]]"],
    );
}

#[test]
fn sections_that_a_route_needs() {
    let route = |lines: &str| format!("{LISTEN}[[route]]\npath = \"/\"\nupstream = \"echo\"\n{lines}");
    assert_said(
        "needs",
        &route("authenticate = [\"bearer\", \"api-key\", \"client-certificate\"]\nauthorize = [\"cedar\"]\n"),
        &[
            "gateway.toml:5: route.authenticate: `bearer` authenticates here, and there is no section [bearer]; add it, or remove `bearer`",
            "gateway.toml:5: route.authenticate: `api-key` authenticates here, and there is no section [api_key]; add it, or remove `api-key`",
            "gateway.toml:5: route.authenticate: `client-certificate` needs TLS with `client_ca`; add `client_ca` to [tls], or remove it here",
            "gateway.toml:6: route.authorize: `cedar` authorizes here, and there is no section [cedar]; add it, or remove `cedar`",
        ],
    );
    assert_said(
        "nobody",
        &route(
            "authenticate = [\"none\"]\nscopes = [\"a\"]\nroles = [\"b\"]\nrenewal = \"message\"\nforward_credentials = true\n",
        ),
        &[
            "gateway.toml:6: route.scopes: only an authenticated caller has scopes, and this route authenticates by `none` alone; remove them, or authenticate",
            "gateway.toml:7: route.roles: only an authenticated caller has roles, and this route authenticates by `none` alone; remove them, or authenticate",
            "gateway.toml:8: route.renewal: no credential of this route can be presented again; add `bearer` or `introspection` to `authenticate`, or write \"off\"",
            "gateway.toml:9: route.forward_credentials: the built-in echo has no use for it; remove it, or set `upstream` to a URL",
        ],
    );
    let basic = format!(
        "{LISTEN}[basic]\nhtpasswd_file = \"a\"\n[[route]]\npath = \"/\"\nupstream = \"echo\"\nauthenticate = [\"none\", \"basic\", \"basic\"]\n"
    );
    assert_said(
        "order",
        &basic,
        &[
            "gateway.toml:7: route.authenticate: \"basic\" stands here twice; once is enough",
            "gateway.toml:7: route.authenticate: `none` lets everybody in, so that nothing after it is asked; put it last",
        ],
    );
    assert_said(
        "tls",
        &format!(
            "{LISTEN}[tls]\ncertificate = \"a\"\nclient_certificate = \"required\"\n[[tls.sni]]\nname = \"a\"\n{ROUTE}"
        ),
        &[
            "gateway.toml:2: tls.key: is missing; add `key = \"key.pem\"`",
            "gateway.toml:4: tls.client_certificate: needs `client_ca`, by which certificates are judged; add it, or remove this key",
            "gateway.toml:5: tls.sni.certificate: is missing; add `certificate = \"chat.pem\"`",
            "gateway.toml:5: tls.sni.key: is missing; add `key = \"chat.key\"`",
        ],
    );
}

/// Relative paths are relative to the file that names them, wherever the program was started.
#[test]
fn files_lie_beside_the_configuration() {
    let config = Config::load(&full()).expect("it is right");
    let key = config.tls.map(|tls| tls.key.resolve());
    assert_eq!(key, full().parent().map(|folder| folder.join("key.pem")));
}
