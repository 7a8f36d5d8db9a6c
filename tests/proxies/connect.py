"""An HTTP proxy (the package proxy.py) on a port of its own, until it is told to end or its parent is gone.

It wants a user name and a password, does not connect to blocked.example, and speaks TLS if it is given the files of a
certificate and its key.
"""

import os
import signal
import sys
import time

import proxy

PARENT = os.getppid()

arguments = ["--hostname", "127.0.0.1", "--port", "0", "--num-workers", "1", "--num-acceptors", "1"]
arguments += ["--basic-auth", "ann:pass word/%", "--timeout", "60"]
arguments += ["--plugins", "proxy.plugin.FilterByUpstreamHostPlugin"]
arguments += ["--filtered-upstream-hosts", "blocked.example"]
if len(sys.argv) > 1:
    arguments += ["--cert-file", sys.argv[1], "--key-file", sys.argv[2]]

# It has processes of its own, which end with this block, however that ends.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with proxy.Proxy(arguments) as running:
    print(f"listening on 127.0.0.1:{running.flags.port}", flush=True)
    while os.getppid() == PARENT:
        time.sleep(0.1)
