/// How we compress, and what we ask of the peer (RFC 7692 7.1).
///
/// A server and a client take the same configuration; what is the server's stays the server's on
/// both sides. Window bits out of range are taken for the nearest ones that are in range.
///
/// The default keeps no context, so that a connection that is idle has no memory for compression at
/// all: the states, some 260 KiB to compress and 46 KiB to inflate, belong to the threads and serve
/// their connections in turn. With context kept, each connection has its own; small messages of one
/// kind then compress far better.
///
/// ```
/// use ws_core::deflate::DeflateConfig;
/// use ws_core::handshake::parse_extensions;
///
/// let config = DeflateConfig { server_no_context_takeover: false, ..DeflateConfig::default() };
/// let offers = parse_extensions([&b"permessage-deflate; client_max_window_bits"[..]])?;
/// let answer = config.negotiate(&offers).expect("a usual offer");
/// assert_eq!(answer.header, "permessage-deflate; client_no_context_takeover; client_max_window_bits=12");
/// # Ok::<(), ws_core::handshake::ExtensionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateConfig {
    /// The server forgets each message (RFC 7692 7.1.1.1). Default: true.
    pub server_no_context_takeover: bool,
    /// The client forgets each message (RFC 7692 7.1.1.2). Default: true.
    pub client_no_context_takeover: bool,
    /// The server looks back 2 to the power of this many bytes at most, 9 to 15 (RFC 7692 7.1.2.1).
    /// Default: 12.
    pub server_max_window_bits: u8,
    /// The client looks back 2 to the power of this many bytes at most, 9 to 15 (RFC 7692 7.1.2.2).
    /// A client that cannot limit its window is accepted nonetheless. Default: 12.
    pub client_max_window_bits: u8,
    /// How hard we try: 0 (stored), 1 (fast) to 9 (small). Default: 6.
    pub level: u8,
    /// Messages of fewer bytes are sent as they are. Default: 256.
    pub threshold: usize,
    /// To how many times its size a received message may inflate once it is over 1 MiB; `None` for
    /// any. DEFLATE gets to 1032 at most. Default: 200.
    pub max_ratio: Option<u32>,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: 12,
            client_max_window_bits: 12,
            level: 6,
            threshold: 256,
            max_ratio: Some(200),
        }
    }
}

impl DeflateConfig {
    pub(super) fn server_bits(&self) -> u8 {
        self.server_max_window_bits.clamp(9, 15)
    }

    pub(super) fn client_bits(&self) -> u8 {
        self.client_max_window_bits.clamp(9, 15)
    }
}
