/// How much head a peer may send. Every limit has its own error.
///
/// ```
/// use ws_core::head::HeadLimits;
///
/// let limits = HeadLimits { fields: 32, ..HeadLimits::default() };
/// assert_eq!(limits.bytes, 16 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the whole head with its line ends. Default 16 KiB, as much as a browser sends at most
    /// in practice (cookies included); more than 4 GiB is taken as 4 GiB.
    pub bytes: usize,
    /// Bytes of one line without its line end. Default 8 KiB.
    pub line: usize,
    /// Field lines. Default 64: browsers send about 15, proxies add a few.
    pub fields: usize,
    /// Bytes of the request target, never more than [`line`](Self::line). Default 4 KiB; RFC 9112 3
    /// recommends at least 8000 bytes for the whole request line of a general server, which a
    /// WebSocket address does not need.
    pub target: usize,
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { bytes: 16 * 1024, line: 8 * 1024, fields: 64, target: 4 * 1024 }
    }
}
