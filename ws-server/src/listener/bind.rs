//! Listening sockets: one for each accept loop on an address, so that the kernel spreads the connections.

use std::io;
use std::net::{SocketAddr, TcpListener};

#[cfg(feature = "tls")]
use super::tls::Tls;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Connections that the kernel keeps for us until they are accepted. Linux cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// Why the server could not begin to listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// No address was given to the builder.
    #[error("no address to listen on was given")]
    NoAddress,
    /// The address is not `HOST:PORT`, or its name has no address.
    #[error("cannot resolve the listen address {address:?}, which has to be HOST:PORT: {source}")]
    Unresolved {
        /// The address as it was given.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Another socket listens there.
    #[error(
        "the address {address} is in use: end the program that has it, or choose another port (0 takes a free one)"
    )]
    AddressInUse {
        /// The address.
        address: SocketAddr,
    },
    /// No interface of this host has the address.
    #[error("the address {address} is not one of this host")]
    AddressNotAvailable {
        /// The address.
        address: SocketAddr,
    },
    /// The operating system does not let this process listen there; ports below 1024 often need a privilege.
    #[error("no permission to listen on {address}")]
    PermissionDenied {
        /// The address.
        address: SocketAddr,
    },
    /// Anything else that the operating system reported.
    #[error("cannot listen on {address}: {source}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Where to listen, as the builder was told.
#[derive(Clone, Debug)]
pub(crate) struct ListenAddress {
    pub(crate) address: String,
    /// What is spoken there.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

impl ListenAddress {
    /// Plain HTTP on `HOST:PORT`.
    pub(crate) const fn plain(address: String) -> Self {
        Self {
            address,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

impl ListenAddress {
    /// The addresses that the name stands for, at least one.
    pub(crate) async fn resolve(&self) -> Result<Vec<SocketAddr>, BindError> {
        if let Ok(address) = self.address.parse() {
            return Ok(vec![address]);
        }
        let unresolved = |source| BindError::Unresolved { address: self.address.clone(), source };
        let addresses: Vec<_> = tokio::net::lookup_host(&self.address).await.map_err(unresolved)?.collect();
        if addresses.is_empty() {
            return Err(unresolved(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        Ok(addresses)
    }
}

/// Listens on the first of `addresses` that this host has, with `sockets` sockets that share its port where the system
/// spreads connections over them (Linux), with one elsewhere.
///
/// The sockets do not block. Another process, this program started twice for example, does not get the port.
pub(crate) fn bind(addresses: &[SocketAddr], sockets: usize) -> Result<Vec<TcpListener>, BindError> {
    let mut last = BindError::NoAddress;
    for address in addresses {
        match bind_one(*address, sockets) {
            Ok(listeners) => return Ok(listeners),
            // Who calls the name reaches whoever was there first.
            Err(error @ BindError::AddressInUse { .. }) => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn bind_one(address: SocketAddr, sockets: usize) -> Result<Vec<TcpListener>, BindError> {
    let io = |error| describe(address, error);
    // The first socket takes the port without SO_REUSEPORT: with it, a second server of the same user would get the
    // port too, and the two would share the connections without a word. It may share the port once it owns it.
    let first = open(address).map_err(io)?;
    first.bind(&address.into()).map_err(io)?;
    let shared = sockets > 1 && share_port(&first);
    first.listen(BACKLOG).map_err(io)?;
    let mut listeners = vec![TcpListener::from(first)];
    if shared {
        let bound = listeners[0].local_addr().map_err(io)?;
        while listeners.len() < sockets {
            match sibling(bound) {
                Ok(listener) => listeners.push(listener),
                // Fewer sockets only mean fewer accept loops.
                Err(error) => {
                    tracing::debug!(address = %bound, %error, "no further socket on this address");
                    break;
                }
            }
        }
    }
    Ok(listeners)
}

fn sibling(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(address)?;
    if !share_port(&socket) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from(socket))
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for the old connections' TIME-WAIT. On Windows the option means something else.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    // On Linux accepted connections inherit it, which saves a system call for each.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

/// Whether the kernel will spread connections over the sockets of this port.
fn share_port(socket: &Socket) -> bool {
    #[cfg(target_os = "linux")]
    return SockRef::from(socket).set_reuse_port(true).is_ok();
    #[cfg(not(target_os = "linux"))]
    {
        let _ = SockRef::from(socket);
        false
    }
}

fn describe(address: SocketAddr, source: io::Error) -> BindError {
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::AddressInUse { address },
        io::ErrorKind::AddrNotAvailable => BindError::AddressNotAvailable { address },
        io::ErrorKind::PermissionDenied => BindError::PermissionDenied { address },
        _ => BindError::Io { address, source },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    fn loopback() -> Vec<SocketAddr> {
        vec!["127.0.0.1:0".parse().unwrap()]
    }

    #[test]
    fn an_address_in_use_is_named_even_where_the_port_is_shared_by_several_sockets() {
        for sockets in [1, 4] {
            let listeners = bind(&loopback(), sockets).unwrap();
            let address = listeners[0].local_addr().unwrap();
            for again in [1, 4] {
                match bind(&[address], again) {
                    Err(BindError::AddressInUse { address: named }) => assert_eq!(named, address),
                    other => panic!("{sockets} and {again}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn the_sockets_share_the_port_and_all_of_them_get_connections() {
        let listeners = bind(&loopback(), 4).unwrap();
        if cfg!(not(target_os = "linux")) {
            assert_eq!(listeners.len(), 1);
            return;
        }
        assert_eq!(listeners.len(), 4);
        let address = listeners[0].local_addr().unwrap();
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap() == address));
        let clients: Vec<_> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
        let mut accepted = 0;
        for listener in &listeners {
            let before = accepted;
            while let Ok((mut stream, _)) = listener.accept() {
                stream.write_all(b"x").unwrap();
                accepted += 1;
            }
            assert!(accepted > before, "a socket without any of 200 connections");
        }
        assert_eq!(accepted, clients.len());
        for mut client in clients {
            client.read_exact(&mut [0]).unwrap();
        }
    }

    #[test]
    fn an_address_of_another_host_is_not_available() {
        // 192.0.2.0/24 is for documentation (RFC 5737): no host has it.
        let elsewhere = "192.0.2.1:9".parse().unwrap();
        assert!(
            matches!(bind(&[elsewhere], 1), Err(BindError::AddressNotAvailable { address }) if address == elsewhere)
        );
        let found = bind(&[elsewhere, loopback()[0]], 1).unwrap();
        assert!(found[0].local_addr().unwrap().ip().is_loopback());
    }

    /// A name such as `localhost` has several addresses: a second server must not get the one that the first left.
    #[test]
    fn an_address_in_use_is_not_got_round_by_the_next_one_of_the_name() {
        let first = bind(&loopback(), 1).unwrap();
        let taken = first[0].local_addr().unwrap();
        let second = bind(&[taken, loopback()[0]], 1);
        assert!(matches!(second, Err(BindError::AddressInUse { address }) if address == taken), "{second:?}");
    }

    #[tokio::test]
    async fn addresses_are_resolved_or_named_in_the_error() {
        let resolved = ListenAddress::plain("127.0.0.1:9001".into()).resolve().await.unwrap();
        assert_eq!(resolved, ["127.0.0.1:9001".parse().unwrap()]);
        match ListenAddress::plain("no port".into()).resolve().await {
            Err(BindError::Unresolved { address, .. }) => assert_eq!(address, "no port"),
            other => panic!("{other:?}"),
        }
    }
}
