//! Want of room or time, and addresses.

use ws_server::ServerLimits;

use crate::fault::{Fault, Stage};

pub(crate) const FAULTS: &[Fault] = &[
    Fault::of_server("server-draining", Stage::Draining, &[], |setup| {
        (setup.session_of_ann, setup.shutdown) = (true, true);
    }),
    Fault::of_server("address-denied", Stage::Address, &[], |setup| setup.denied = vec!["127.0.0.5/32"]),
    Fault::of_server("rate-limited", Stage::Attempts, &[], |setup| setup.attempts = Some("1/1h")),
    Fault::of_server("address-quota-exceeded", Stage::ConnectionsPerAddress, &[], |setup| setup.crowd = true),
    Fault::of_server("server-full", Stage::Connections, &[], |setup| setup.full = true),
    Fault::of_server("principal-quota-exceeded", Stage::PrincipalQuota, &[], |setup| {
        setup.session_of_ann = true;
        setup.limits = ServerLimits { connections_per_principal: 1, ..setup.limits };
    }),
];
