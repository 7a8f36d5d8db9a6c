//! The servers that are compared.

use tests::measured::Candidate;

/// Ours first: the others are compared with it.
pub(crate) const CANDIDATES: [Candidate; 5] = [
    Candidate {
        name: "ws-server",
        program: "examples/echo",
        arguments: &["--listen", "127.0.0.1:0", "--threads", "1"],
    },
    Candidate { name: "fastwebsockets", program: "echo_fastwebsockets", arguments: &[] },
    Candidate { name: "tokio-websockets", program: "echo_tokio_websockets", arguments: &[] },
    Candidate { name: "tungstenite", program: "echo_tungstenite", arguments: &[] },
    Candidate {
        name: "tungstenite, forward",
        program: "echo_tungstenite",
        arguments: &["127.0.0.1:0", "forward"],
    },
];
