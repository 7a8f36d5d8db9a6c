// Why was this WebSocket refused? A browser tells a page no more than "1006". This asks the server itself.
//
//   import { explain } from "./why.js";
//
//   const socket = new WebSocket(url, ["bearer", token]);
//   let opened = false;
//   socket.onopen = () => { opened = true; };
//   socket.onclose = async (close) => {
//     const why = await explain(url, { close, opened, headers: { Authorization: "Bearer " + token } });
//     console.log(why.code, why.title, why.detail, why.retryAfter, why.requestId);
//   };
//
// Two ways lead to the cause; the server has to have one of them turned on, for neither is the default:
//
// - It delivers refusals in a Close frame: `.delivery(Delivery::Auto)`, or `delivery = "auto"` in the gateway's file. The
//   reason of the frame says the cause.
// - It answers dry runs: `.dry_run(true)`, or `dry_run = true`. A GET of the same address with
//   `Accept: application/problem+json` is told what a handshake would be told. It is a second request: it has an identifier
//   of its own, and what has changed meanwhile it is told as it is now. A page may set fields of that GET that it cannot
//   set on a WebSocket: pass the credentials, which travelled as a subprotocol, as `headers` (the server has to take them
//   from there too: `from = ["header", "subprotocol"]`); those in the query are in the address already.
//
// Nothing is sent but that GET (and, when a page of another origin gets no answer, one more without credentials, to tell
// a server that is away from one that does not let this page read its answers).

/**
 * @typedef {object} Reason
 * @property {string} code       a code of the catalogue, or one of this file's own: see OWN
 * @property {string} title      a few words for a person
 * @property {string} detail     what is wrong, and what to do about it
 * @property {?number} status    of the HTTP answer, if there was one
 * @property {?number} closeCode of the Close frame, if there was one
 * @property {?number} retryAfter seconds after which to try again
 * @property {?string} requestId what to tell the operator: the same stands in the server's log
 * @property {?string} requiredScope
 * @property {string[]} supported what would be accepted: subprotocols, for example
 * @property {"server"|"something before it"|"nobody"} refusedBy
 * @property {?object} problem   the problem details (RFC 9457), if the answer had them
 * @property {string} raw        the answer as it came, to be shown to those who want to see it; may be empty
 */

/** What this file finds out by itself. */
const OWN = {
  "closed": ["The connection was closed", "It had been open, and ended in the ordinary way."],
  "lost": ["The connection was lost", "It had been open, and ended without a word: the network, the server or something between them went away. Connect again."],
  "not-refused": ["The server would let you in", "So it was not the server that ended this. Try again; if it stays, something between you and the server may not let WebSockets through."],
  "offline": ["This browser is offline", "There is no network. Connect to one, then try again."],
  "unreachable": ["The server does not answer", "It is not running, its address is wrong, its certificate is not trusted, or something in between drops what is sent."],
  "unreadable": ["The server does not let this page read its answer", "It is there, but pages of this origin may not ask. Most likely the origin is not allowed (origin-denied), or dry runs are off."],
  "unexplained": ["The server does not say why", "Its answer names no cause. The operator finds it in the log, by the request's identifier."],
  "no-dry-run": ["The server was not asked", "It took the question for a request for a page: dry runs are off there (turn them on with .dry_run(true), or dry_run = true), or something before the server answered."],
};

/**
 * Why a WebSocket did not open, or was closed.
 *
 * @param {string|URL} url        what was given to `new WebSocket`
 * @param {object} [options]
 * @param {CloseEvent} [options.close]   the event of `onclose`
 * @param {boolean} [options.opened]     whether `onopen` came before it
 * @param {object} [options.headers]     fields for the dry run: credentials
 * @param {RequestCredentials} [options.credentials] whether cookies go with the dry run; "same-origin" unless said
 * @param {number} [options.timeout]     milliseconds for each question; 5000 unless said
 * @returns {Promise<Reason>} it never rejects
 */
export async function explain(url, { close, opened = false, headers = {}, credentials = "same-origin", timeout = 5000 } = {}) {
  const told = close && fromClose(close);
  if (told) return told;
  if (opened) return own(close && close.code !== 1006 ? "closed" : "lost", { closeCode: close?.code ?? null });
  if (globalThis.navigator?.onLine === false) return own("offline");
  const address = asked(url);
  let answer, body;
  try {
    const fields = { Accept: "application/problem+json", ...headers };
    answer = await fetch(address, { headers: fields, cache: "no-store", credentials, redirect: "manual", signal: AbortSignal.timeout(timeout) });
    body = await answer.text();
  } catch {
    return own(await isThere(address, timeout) ? "unreadable" : "unreachable");
  }
  return fromAnswer(answer, body);
}

/**
 * The cause in a Close frame: `code`, or `code: detail`. `null` where the reason names none, as that of an application.
 *
 * @param {CloseEvent} close
 * @returns {?Reason}
 */
export function fromClose({ code: closeCode, reason = "" }) {
  const [, code, detail = ""] = /^([a-z]+(?:-[a-z]+)+)(?:: (.*))?$/s.exec(reason) ?? [];
  if (!code || !CLOSE_CODES.includes(closeCode)) return null;
  const [, seconds] = /\bretry after (\d+) s\b/.exec(detail) ?? [];
  return {
    ...EMPTY, code, title: inWords(code), detail: detail || inWords(code), closeCode,
    retryAfter: seconds ? Number(seconds) : null, refusedBy: "server",
  };
}

/** The close codes that a cause of the catalogue can have. */
const CLOSE_CODES = [1001, 1008, 1011, 1012, 1013, 1014, 3000, 3003, 3008];

const EMPTY = { status: null, closeCode: null, retryAfter: null, requestId: null, requiredScope: null, supported: [], refusedBy: "nobody", problem: null, raw: "" };

function own(code, more = {}) {
  const [title, detail] = OWN[code];
  return { ...EMPTY, code, title, detail, ...more };
}

/** @returns {Reason} */
function fromAnswer(answer, body) {
  const by = answer.headers.get("Refused-By");
  const more = {
    status: answer.status || null,
    retryAfter: seconds(answer.headers.get("Retry-After")),
    requestId: answer.headers.get("X-Request-Id"),
    refusedBy: by ? "server" : "something before it",
  };
  let said = null;
  try { said = JSON.parse(body); } catch { /* no answer of ours: shown as it came */ }
  const fields = [...answer.headers].map(([name, value]) => `${name}: ${value}\n`).join("");
  more.raw = `HTTP/1.1 ${answer.status} ${answer.statusText}\n${fields}\n${said ? JSON.stringify(said, null, 2) : body}`;
  if (answer.ok) return said?.accepted === true ? own("not-refused", { ...more, refusedBy: "nobody" }) : own("no-dry-run", more);
  if (!said || typeof said !== "object") return own("unexplained", more);
  // That is what a GET is told where it is not taken for a question.
  if (said.code === "upgrade-required") return own("no-dry-run", more);
  const problem = said, text = (value, otherwise) => (typeof value === "string" ? value : otherwise);
  return {
    ...EMPTY, ...more, problem,
    code: text(problem.code, "unexplained"),
    title: text(problem.title, OWN.unexplained[0]),
    detail: text(problem.detail, OWN.unexplained[1]),
    retryAfter: typeof problem.retry_after === "number" ? problem.retry_after : more.retryAfter,
    requestId: text(problem.request_id, more.requestId),
    requiredScope: text(problem.required_scope, null),
    supported: Array.isArray(problem.supported) ? problem.supported : [],
  };
}

/** The same address for `fetch`: ws becomes http, wss becomes https. */
function asked(url) {
  const address = new URL(url, globalThis.location?.href);
  address.protocol = { "ws:": "http:", "wss:": "https:" }[address.protocol] ?? address.protocol;
  address.hash = "";
  return address;
}

/** Whether anybody answers there, although this page may not read what. */
async function isThere(address, timeout) {
  try {
    await fetch(address, { mode: "no-cors", cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(timeout) });
    return true;
  } catch {
    return false;
  }
}

function seconds(value) {
  const number = Number(value);
  return value && Number.isFinite(number) ? number : null;
}

/** `token-expired` as a heading. */
function inWords(code) {
  const words = code.replaceAll("-", " ");
  return words[0].toUpperCase() + words.slice(1);
}
