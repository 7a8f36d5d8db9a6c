//! The environment variables that name proxies, as curl and most other programs understand them.

use super::exclusions::Exclusions;
use super::{ProxyError, ProxyUrl, ProxyUrlError};
use crate::connect::WsUrl;

/// What the environment says of proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    plain: Option<Variable>,
    secure: Option<Variable>,
    excluded: Exclusions,
}

#[derive(Clone, Debug)]
struct Variable {
    name: &'static str,
    proxy: Result<ProxyUrl, ProxyUrlError>,
}

impl Environment {
    /// What the variables of this process say now.
    pub(crate) fn of_process() -> Self {
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// What `lookup` says; an empty variable is none.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &&str| lookup(name).filter(|value| !value.trim().is_empty());
        // CVE-2016-5385: to a CGI program, HTTP_PROXY is the header `Proxy` of whoever asks.
        let in_cgi = lookup("REQUEST_METHOD").is_some();
        let first = |names: &[&'static str]| {
            let names = names.iter().filter(|name| !(in_cgi && **name == "HTTP_PROXY"));
            let (name, text) = names.copied().find_map(|name| Some((name, value(&name)?)))?;
            Some(Variable { name, proxy: ProxyUrl::parse(text.trim()) })
        };
        let excluded = ["no_proxy", "NO_PROXY"].iter().find_map(value).unwrap_or_default();
        Self {
            plain: first(&["ws_proxy", "WS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            secure: first(&[
                "wss_proxy",
                "WSS_PROXY",
                "https_proxy",
                "HTTPS_PROXY",
                "all_proxy",
                "ALL_PROXY",
            ]),
            excluded: Exclusions::parse(&excluded),
        }
    }

    /// The proxy that leads to `url`, if one does.
    pub(super) fn proxy_for(&self, url: &WsUrl) -> Result<Option<&ProxyUrl>, ProxyError> {
        let variable = if url.is_secure() { &self.secure } else { &self.plain };
        match variable {
            Some(variable) if !self.excluded.contain(url.host(), url.port()) => match &variable.proxy {
                Ok(proxy) => Ok(Some(proxy)),
                Err(source) => {
                    Err(ProxyError::Environment { variable: variable.name, source: source.clone() })
                }
            },
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], url: &str) -> Result<Option<String>, ProxyError> {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let environment = Environment::read(lookup);
        let url = WsUrl::parse(url).expect("valid");
        Ok(environment.proxy_for(&url)?.map(ToString::to_string))
    }

    fn found(variables: &[(&str, &str)], url: &str) -> Option<String> {
        proxy(variables, url).expect("valid")
    }

    #[test]
    fn the_most_particular_variable_in_small_letters_comes_first() {
        let order = ["ws_proxy", "WS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
        let values: Vec<String> = (1..=order.len()).map(|port| format!("p:{port}")).collect();
        let all: Vec<_> = order.into_iter().zip(values.iter().map(String::as_str)).collect();
        for at in 0..all.len() {
            assert_eq!(found(&all[at..], "ws://h/"), Some(format!("http://p:{}", at + 1)));
        }
        let secure = ["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY"];
        assert!(secure.iter().all(|name| found(&[(name, "p:1")], "ws://h/").is_none()));
        assert_eq!(
            found(&[("ws_proxy", " "), ("http_proxy", ""), ("ALL_PROXY", "p:9")], "ws://h/"),
            Some("http://p:9".into())
        );
        assert_eq!(found(&[], "ws://h/"), None);
    }

    #[cfg(feature = "tls")]
    #[test]
    fn wss_has_variables_of_its_own() {
        let order = ["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        for name in order {
            assert_eq!(found(&[(name, "p:1")], "wss://h/"), Some("http://p:1".into()), "{name}");
        }
        assert_eq!(found(&[("http_proxy", "p:1"), ("ws_proxy", "p:2")], "wss://h/"), None);
    }

    /// CVE-2016-5385 ("httpoxy").
    #[test]
    fn a_header_does_not_become_a_proxy() {
        let variables = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil:1")];
        assert_eq!(found(&variables, "ws://h/"), None);
        let beside = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil:1"), ("http_proxy", "p:1")];
        assert_eq!(found(&beside, "ws://h/"), Some("http://p:1".into()));
    }

    #[test]
    fn what_is_excluded_is_reached_without() {
        for name in ["no_proxy", "NO_PROXY"] {
            let variables = [("all_proxy", "p:1"), (name, "h, .internal")];
            assert_eq!(found(&variables, "ws://h/"), None);
            assert_eq!(found(&variables, "ws://a.internal/"), None);
            assert_eq!(found(&variables, "ws://i/"), Some("http://p:1".into()));
        }
    }

    #[test]
    fn a_broken_variable_is_named_where_it_matters() {
        let variables = [("http_proxy", "gopher://ann:hunter2@p"), ("no_proxy", "i")];
        let error = proxy(&variables, "ws://h/").expect_err("broken");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("http_proxy") && shown.contains("gopher"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(found(&variables, "ws://i/"), None);
    }
}
