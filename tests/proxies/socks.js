// A SOCKS5 proxy on a port of its own, with a user name and a password, that does not connect to blocked.example.
// SOCKS_MODULE is the package `@pondwader/socks5-server`.

const { createServer } = require(process.env.SOCKS_MODULE);

const server = createServer({
  auth: { username: "ann", password: "pass word/%" },
});
server.setRulesetValidator((connection) => connection.destAddress !== "blocked.example");
server.listen(0, "127.0.0.1");
server.server.on("listening", () => console.log(`listening on 127.0.0.1:${server.server.address().port}`));

// Not longer than whoever started it.
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(), 100);
