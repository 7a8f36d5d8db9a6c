//! The file as a whole, and what holds for all routes.

use std::path::{Path, PathBuf};

use super::limits::Limits;
use super::local::{ApiKey, Basic, Cookie, Ticket};
use super::remote::{Cedar, Introspection, Remote, Upstream};
use super::route::Route;
use super::tokens::Bearer;
use super::{
    At, Delivery, Demand, Disclosure, Fault, FilePath, ListenAddress, Network, Place, Problem, Problems,
    ProxyProtocol, Section, ServedHost, Source, consistency, schema,
};

/// A configuration in which everything is right, as far as the file itself tells.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file that it comes from.
    pub(crate) file: PathBuf,
    pub(crate) listen: At<ListenAddress>,
    pub(crate) disclosure: Disclosure,
    /// Where the causes are explained.
    pub(crate) documentation: Option<At<String>>,
    pub(crate) delivery: Delivery,
    pub(crate) dry_run: bool,
    pub(crate) trusted_proxies: Vec<At<Network>>,
    pub(crate) proxy_protocol: Option<At<ProxyProtocol>>,
    pub(crate) served_hosts: Vec<At<ServedHost>>,
    pub(crate) admin_listen: Option<At<ListenAddress>>,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
    pub(crate) address: Address,
    pub(crate) bearer: Option<Bearer>,
    pub(crate) basic: Option<Basic>,
    pub(crate) api_key: Option<ApiKey>,
    pub(crate) cookie: Option<Cookie>,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) remote: Option<Remote>,
    pub(crate) cedar: Option<Cedar>,
    pub(crate) introspection: Option<Introspection>,
    pub(crate) upstream: Upstream,
    pub(crate) routes: Vec<Route>,
}

/// `[tls]`: certificates of the server, and who vouches for those of clients.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) certificate: At<FilePath>,
    pub(crate) key: At<FilePath>,
    pub(crate) client_ca: Option<At<FilePath>>,
    pub(crate) client_certificate: Demand,
    pub(crate) sni: Vec<Sni>,
}

/// `[[tls.sni]]`: a further certificate, by the name that the client asks for.
#[derive(Debug)]
pub(crate) struct Sni {
    pub(crate) name: At<String>,
    pub(crate) certificate: At<FilePath>,
    pub(crate) key: At<FilePath>,
}

/// `[address]`: from where one may come.
#[derive(Debug, Default)]
pub(crate) struct Address {
    pub(crate) allow: Vec<At<Network>>,
    pub(crate) deny: Vec<At<Network>>,
}

impl Config {
    /// Reads a file and everything that it says, but not the files that it names.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first thing.
    pub(crate) fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        let problems = Problems::default();
        let config = Source::load(file, schema::GATEWAY, &problems)
            .and_then(|source| source.read(&problems, |root| Self::read(file, root)));
        if let Some(config) = &config {
            consistency::check(config, &problems);
        }
        problems.settle(config)
    }

    fn read(file: &Path, root: &Section<'_>) -> Option<Self> {
        // Everything is read before anything is given up, so that all problems are found.
        let listen = root.require("listen", "listen = \"127.0.0.1:9443\"");
        let disclosure = root.get_or("disclosure", Disclosure::Standard);
        let documentation = root.get("documentation");
        let delivery = root.get_or("delivery", Delivery::Http);
        let dry_run = root.get_or("dry_run", false);
        let trusted_proxies = root.get_or("trusted_proxies", Vec::new());
        let proxy_protocol = root.get("proxy_protocol");
        let served_hosts = root.get_or("served_hosts", Vec::new());
        let admin_listen = root.get("admin_listen");
        let tls = root.within("tls", Tls::read);
        let limits = root.section("limits").map(|section| Limits::read(&section));
        let address = root.section("address").map(|section| Address::read(&section));
        let bearer = root.within("bearer", Bearer::read);
        let basic = root.within("basic", Basic::read);
        let api_key = root.within("api_key", ApiKey::read);
        let cookie = root.within("cookie", Cookie::read);
        let ticket = root.within("ticket", Ticket::read);
        let remote = root.within("remote", Remote::read);
        let cedar = root.within("cedar", Cedar::read);
        let introspection = root.within("introspection", Introspection::read);
        let upstream = root.section("upstream").map(|section| Upstream::read(&section));
        let routes: Vec<Option<Route>> = root.sections("route").iter().map(Route::read).collect();
        Some(Self {
            file: file.to_owned(),
            listen: listen?,
            disclosure,
            documentation,
            delivery,
            dry_run,
            trusted_proxies,
            proxy_protocol,
            served_hosts,
            admin_listen,
            tls: tls?,
            limits: limits.unwrap_or_default(),
            address: address.unwrap_or_default(),
            bearer: bearer?,
            basic: basic?,
            api_key: api_key?,
            cookie: cookie?,
            ticket: ticket?,
            remote: remote?,
            cedar: cedar?,
            introspection: introspection?,
            upstream: upstream.unwrap_or_default(),
            routes: routes.into_iter().collect::<Option<_>>()?,
        })
    }

    /// The file as a place.
    pub(crate) fn place(&self) -> Place {
        Place::file(&self.file)
    }
}

impl Tls {
    fn read(section: &Section<'_>) -> Option<Self> {
        let certificate = section.require("certificate", "certificate = \"cert.pem\"");
        let key = section.require("key", "key = \"key.pem\"");
        let client_ca = section.get("client_ca");
        let client_certificate: Option<At<Demand>> = section.get("client_certificate");
        if let Some(demand) = &client_certificate
            && demand.value == Demand::Required
            && !section.has("client_ca")
        {
            section.problems().push(demand.place.problem(Fault::DemandWithoutCa));
        }
        let sni: Vec<Option<Sni>> = section.sections("sni").iter().map(Sni::read).collect();
        Some(Self {
            certificate: certificate?,
            key: key?,
            client_ca,
            client_certificate: client_certificate.map_or(Demand::Optional, |demand| demand.value),
            sni: sni.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl Sni {
    fn read(section: &Section<'_>) -> Option<Self> {
        let name = section.require("name", "name = \"chat.example.com\"");
        let certificate = section.require("certificate", "certificate = \"chat.pem\"");
        let key = section.require("key", "key = \"chat.key\"");
        Some(Self { name: name?, certificate: certificate?, key: key? })
    }
}

impl Address {
    fn read(section: &Section<'_>) -> Self {
        let allow = section.get_or("allow", Vec::new());
        let deny = section.get_or("deny", Vec::new());
        Self { allow, deny }
    }
}
