// The page: asks the service with the token of this tab and shows what it answers.
import { bucketLabels, bucketStarts, chartAndTable, series, SPANS } from "./chart.js";
import { code, count, el, empty, foreign, pairs, outcome, spaced, table, time } from "./elements.js";
import { KINDS, MODES, OUTCOMES } from "./elements.js";
import { alignmentTable, identityDetail, identityList } from "./identities.js";
import { canHash, checkEntry } from "./proof.js";
import { reportSums, reportsSince } from "./reports.js";

const TOKEN = "countersign.token";
const PAGE = 50;
/** What nobody but a producer says. */
const claimMark = (title) => el("span", { class: "mark", title }, "as claimed");

const $ = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);
const fields = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
const address = (view, params = {}) => `#${view}${Object.keys(params).length ? "?" : ""}${new URLSearchParams(params)}`;
const link = (view, params, text) => el("a", { href: address(view, params) }, text);
const bracketed = (id) => (/^<.*>$/.test(id) ? id : `<${id}>`);

let token = sessionStorage.getItem(TOKEN) ?? "";
let signedIn = false;
let shown = "";

// MARK: asking the service

/** A refusal or failure: the service's own sentence, and the step that helps. */
class Refusal extends Error {
    constructor(status, sentence, wait) {
        super(sentence);
        this.status = status;
        this.next = {
            0: "Check the connection and that the service runs, then try again.",
            400: "Correct what was entered and try again.",
            401: "Sign in with a live token of this ledger.",
            403: "Sign in with a token that has this scope; whoever holds an admin token can make one.",
            404: "Check what was entered. What is not in this ledger, or not yet, cannot be shown.",
            insecure: "Open this page over HTTPS, or check with the command line.",
        }[status] ?? (wait ? `Try again in ${wait} s.` : "Try again; if it stays, tell the operator.");
    }
}

async function ask(path, params = {}, signal = undefined) {
    const query = new URLSearchParams(params).toString().replaceAll("+", "%20");
    const options = { headers: { Authorization: `Bearer ${token}` }, signal, cache: "no-store", credentials: "omit" };
    let response;
    try {
        response = await fetch(query ? `${path}?${query}` : path, options);
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Refusal(0, "The service did not answer.");
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    const sentence = problem.error ?? `The service answered ${response.status}.`;
    throw new Refusal(response.status, sentence, response.headers.get("Retry-After"));
}

const askJSON = async (...request) => (await ask(...request)).json();

function problemBox(error, retry) {
    const next = error.next ?? "This is a fault of the page. Reload it; if it stays, tell the operator.";
    const sentence = el("p", {}, el("strong", {}, foreign(error.message)));
    const box = el("div", { class: "problem", role: "alert" }, sentence, el("p", {}, next));
    if (retry) box.append(button("Try again", retry));
    return box;
}

function button(text, action, attributes = {}) {
    const node = el("button", { type: "button", ...attributes }, text);
    node.addEventListener("click", action);
    return node;
}

const loading = new Map();

/** Fills `box` with what `work` makes; a newer load of the same box supersedes an older one. */
async function load(box, work) {
    loading.get(box)?.abort();
    const stop = new AbortController();
    loading.set(box, stop);
    box.setAttribute("aria-busy", "true");
    try {
        const nodes = await work(stop.signal);
        if (stop.signal.aborted) return;
        const focused = box.contains(document.activeElement);
        box.replaceChildren(...[nodes].flat());
        // A button that loads what replaces it would leave the keyboard nowhere.
        if (focused) box.focus();
    } catch (error) {
        if (stop.signal.aborted) return;
        box.replaceChildren(problemBox(error, () => load(box, work)));
        if (error.status === 401) signOut(error);
    } finally {
        if (loading.get(box) === stop) box.removeAttribute("aria-busy");
    }
}

const say = (text) => ($("status").textContent = text);

// MARK: signing in and out

async function signIn() {
    await load($("sign-in-result"), async (signal) => {
        await ask("v1/tree", {}, signal);
        sessionStorage.setItem(TOKEN, token);
        signedIn = true;
        $("token").value = "";
        route();
        return [];
    });
    if (!signedIn) $("sign-in").hidden = false;
}

/** Forgets the token and all that was shown. */
function signOut(error) {
    token = "";
    signedIn = false;
    shown = "";
    sessionStorage.removeItem(TOKEN);
    loading.forEach((stop) => stop.abort());
    say("");
    all(".result").forEach((box) => box.replaceChildren());
    all("form").forEach((form) => form.reset());
    if (!(error instanceof Refusal)) history.replaceState(null, "", location.pathname);
    document.title = "Countersign";
    all("main > section, .signed-in").forEach((part) => (part.hidden = part.id !== "sign-in"));
    $("sign-in-result").replaceChildren(...(error instanceof Refusal ? [problemBox(error)] : []));
    $("token").focus();
}

// MARK: views, each a function of the parameters in the address

const views = { overview, message, entries, identities, proof };

function route() {
    if (!signedIn) return;
    const [name, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
    const view = Object.hasOwn(views, name) ? name : "overview";
    all("main > section").forEach((part) => (part.hidden = part.id !== `view-${view}`));
    document.querySelector(".signed-in").hidden = false;
    all("nav a").forEach((item) => item.setAttribute("aria-current", item.hash === `#${view}` ? "page" : "false"));
    document.title = `${$(`${view}-title`).textContent} · Countersign`;
    const params = Object.fromEntries(new URLSearchParams(query));
    const form = $(`${view}-form`);
    form.reset();
    for (const field of form.elements) if (Object.hasOwn(params, field.name)) field.value = params[field.name];
    if (shown && shown !== view) $(`${view}-title`).focus();
    shown = view;
    showTree();
    views[view](params);
}

/** Goes to a view; the same address again asks the service again. */
function go(view, params = {}) {
    if (location.hash === address(view, params)) route();
    else location.hash = address(view, params);
}

function showTree() {
    return load($("tree"), async (signal) => {
        const { ledger, size, root } = await askJSON("v1/tree", {}, signal);
        $("tree-line").replaceChildren(foreign(ledger), ` · ${count(size)} entries`);
        return pairs([["Ledger", foreign(ledger)], ["Size", el("span", { id: "tree-size" }, count(size))],
            ["Root", el("code", { id: "tree-root", class: "hash" }, root)]]);
    });
}

function overview({ per = "day", by = "kind", back = "0" }) {
    const unit = Object.hasOwn(SPANS, per) ? per : "day";
    const windows = Math.max(0, Number.parseInt(back, 10) || 0);
    $("earlier").onclick = () => go("overview", { per: unit, by, back: windows + 1 });
    $("later").onclick = () => go("overview", { per: unit, by, back: windows - 1 });
    $("later").disabled = windows === 0;
    const starts = bucketStarts(unit, windows);
    const [from, to] = [starts[0], starts.pop()];
    load($("overview-result"), async (signal) => {
        const { buckets } = await askJSON("v1/stats", { by, bucket: unit, from, to }, signal);
        const counts = series(buckets, by, starts);
        const period = `${bucketLabels(unit, starts[0])[1]} to ${bucketLabels(unit, starts.at(-1))[1]}, UTC`;
        say(`${count(counts.all)} entries, ${period}`);
        const total = el("strong", { id: "total" }, count(counts.all));
        const lead = el("p", { class: "lead" }, total, ` entries, ${period}`);
        const nothing = "Nothing was recorded in this period. Look earlier, or choose longer steps.";
        return [lead, counts.all === 0 ? empty(nothing) : chartAndTable(unit, by, counts)];
    });
}

// MARK: one message

function message({ id }) {
    load($("message-result"), async (signal) => {
        if (!id) return empty("Enter a Message-ID as it stands in the mail's header, with or without angle brackets.");
        const found = await askJSON(`v1/messages/${encodeURIComponent(bracketed(id))}`, {}, signal);
        const { message_id, timeline, attempts, alignment } = found;
        say(`${timeline.length} entries of this message`);
        const nodes = [facts(found), el("h2", {}, "Timeline")];
        nodes.push(el("ol", { class: "timeline" }, timeline.map((item, index) => moment(item, timeline[index - 1]))));
        if (found.truncated) {
            const rest = link("entries", { message_id, order: "asc" }, "page through all its entries");
            nodes.push(el("p", {}, "The timeline is longer than this: ", rest, "."));
        }
        if (alignment.length) nodes.push(el("h2", {}, "Sender identity"), alignmentTable(alignment, link));
        if (attempts.length) nodes.push(el("h2", {}, "Workflow attempts"), attemptTable(attempts));
        return nodes;
    });
}

/** A fact with whose word it is, where that is a producer's alone. */
const said = (value, word) =>
    value && [value, ...(word === "claimed" ? [" ", claimMark("On the word of a producer")] : [])];

function facts(message) {
    const { message_id, timeline, state, sender, oversight_mode, contested } = message;
    const disclosed = (name) => timeline.find((item) => item.personal?.[name] !== undefined)?.personal[name];
    const [subject, recipient] = [disclosed("subject"), disclosed("recipient")];
    const rows = [["Message-ID", foreign(message_id)], ["State", said(state && outcome(state), message.state_word)],
        ["Subject", subject && personal(subject)], ["Recipients", recipient && personal(recipient)],
        ["Sender", said(sender && foreign(sender), message.sender_word)],
        ["Oversight mode", said(oversight_mode && spaced(oversight_mode), message.oversight_mode_word)],
        ["Contested", contested && `Producers do not agree on the ${contested.join(" and the ")}`]];
    return pairs(rows.filter(([, value]) => value));
}

/** One entry on the timeline. */
function moment({ seq, leaf_hash, entry, claim, personal: disclosed, erased_by: erasedBy }, before) {
    const { kind, recorded_at, reporter, actor, workflow } = entry;
    const marks = [];
    if (claim) marks.push(" ", claimMark("Reported by a producer, and neither decided nor checked here"));
    // What the caller of a check told the service of the transport, and what a check mended first.
    const { claimed, line_endings: lineEnds } = kind === "verification" ? entry.data ?? {} : {};
    if (Array.isArray(claimed)) {
        marks.push(" ", el("span", { class: "mark", title: "Told by the caller of the check, seen by nobody here" },
            foreign(`${claimed.join(", ")} as claimed`)));
    }
    if (lineEnds === "restored") {
        marks.push(" ", el("span", { class: "mark", title: "All lines came with a bare LF" }, "line ends restored"));
    }
    if (workflow) marks.push(" ", foreign(stepName(workflow)));
    const seconds = before && Math.round((Date.parse(recorded_at) - Date.parse(before.entry.recorded_at)) / 1000);
    return el("li", { class: KINDS.includes(kind) ? kind : "", "data-seq": seq },
        el("p", {}, spaced(kind), " ", outcome(entry.outcome), marks),
        el("p", { class: "note" }, time(recorded_at), seconds ? ` (+${count(seconds)} s)` : "", " · ",
            actor ? [`${actor.type} `, foreign(actor.id), " · "] : [], `via ${reporter.via} · `,
            link("proof", { seq }, `seq ${seq}`), " ", code(leaf_hash)),
        details(entry, disclosed, erasedBy));
}

const stepName = ({ engine, step_id = "", attempt }) =>
    `${engine} ${step_id}${attempt === undefined ? "" : `, attempt ${attempt}`}`;

/** The entry as it was hashed, and what its sealed digests stand for, as far as this token may see it. */
function details(entry, disclosed, erasedBy) {
    const sealed = Object.keys(entry.sealed ?? {});
    const parts = [];
    if (disclosed) {
        const rows = Object.entries(disclosed).map(([name, value]) => [foreign(name), personal(value)]);
        parts.push(el("h3", {}, "Personal data"), pairs(rows));
    } else if (sealed.length && erasedBy === undefined) {
        parts.push(el("p", {}, "Sealed, and not disclosed to this token or erased: ", foreign(sealed.join(", ")), "."));
    }
    if (erasedBy !== undefined) {
        parts.push(el("p", {}, "Erased under ", link("proof", { seq: erasedBy }, `entry ${erasedBy}`), "; every proof holds."));
    }
    return el("details", {}, el("summary", {}, disclosed ? "Entry and personal data" : "Entry"), parts,
        el("h3", {}, "Canonical entry"), el("pre", {}, JSON.stringify(entry, null, 2)));
}

/** A disclosed value: text as it is, recipients with their role, anything else as JSON. */
function personal(value) {
    if (Array.isArray(value)) return el("ul", {}, value.map((part) => el("li", {}, personal(part))));
    if (typeof value === "string") return foreign(value);
    return foreign(value?.address ? `${value.address} (${value.role})` : JSON.stringify(value, null, 1));
}

function attemptTable(attempts) {
    const entriesOf = ({ seqs }) => el("span", {}, seqs.flatMap((seq) => [link("proof", { seq }, String(seq)), " "]));
    const rows = attempts.map((one) => [foreign(one.engine), foreign(one.run_id),
        foreign(one.step_id ?? "function code"), String(one.attempt),
        el("span", {}, outcome(one.state), one.conflicting ? " (reports differ)" : ""), entriesOf(one)]);
    return table("Workflow attempts", ["Engine", "Run", "Step", "Attempt", "State", "Entries"], rows);
}

// MARK: entries and export

/** Filters as the service wants them; the form speaks of UTC without saying Z. */
function filters({ order, ...params }) {
    for (const edge of ["from", "to"]) if (params[edge]) params[edge] = `${params[edge].padEnd(19, ":00")}Z`;
    return params;
}

function entries(params, trail = [""]) {
    load($("entries-result"), async (signal) => {
        const cursor = trail.at(-1) && { cursor: trail.at(-1) };
        const query = { ...filters(params), order: params.order ?? "desc", limit: PAGE, ...cursor };
        const { entries: items, size, next_cursor: next } = await askJSON("v1/entries", query, signal);
        say(`Page ${trail.length}, ${items.length} entries`);
        const pages = el("p", { class: "row" }, `Page ${trail.length}, of the ledger at ${count(size)} entries `);
        if (trail.length > 1) pages.append(button("← Previous", () => entries(params, trail.slice(0, -1))));
        if (next) pages.append(button("Next →", () => entries(params, [...trail, next]), { id: "next" }));
        if (items.length) return [entryTable(items), pages];
        const why = next ? "None on this page; the search goes on with the next."
            : "No entry fits. Take a filter away, or widen the time.";
        return [empty(why), pages];
    });
}

function entryTable(items) {
    const rows = items.map(({ seq, entry, claim }) => [
        link("proof", { seq }, String(seq)), time(entry.recorded_at), spaced(entry.kind),
        claim ? [outcome(entry.outcome), " ", claimMark("On the word of a producer")] : outcome(entry.outcome),
        entry.message_id ? link("message", { id: entry.message_id }, foreign(entry.message_id)) : "–",
        foreign(entry.sender ?? "–"), spaced(entry.oversight_mode ?? "–"), foreign(entry.actor?.id ?? "–"),
    ]);
    const head = ["Seq", "Recorded", "Kind", "Outcome", "Message-ID", "Sender", "Oversight", "Actor"];
    const box = table("Entries", head, rows);
    box.classList.add("cards");
    return box;
}

/** Fetched, not linked to: the token travels in a header only. Of an export that broke off nothing is saved. */
function saveExport(choices) {
    load($("export-result"), async (signal) => {
        const response = await ask("v1/export", { ...filters(fields($("entries-form"))), ...choices }, signal);
        const blob = await response.blob().catch(() => {
            throw new Refusal(0, "The export broke off; nothing was saved.");
        });
        const name = `countersign-${new Date().toISOString().slice(0, 10)}.${choices.format}`;
        const anchor = el("a", { href: URL.createObjectURL(blob), download: name });
        anchor.click();
        setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
        return `Saved ${count(blob.size)} bytes as ${name}.`;
    });
}

// MARK: identities

function identities({ id, from }) {
    load($("identities-result"), async (signal) => {
        if (!id) {
            const [page, sums] = await Promise.all([
                askJSON("v1/identities", { limit: PAGE, ...from && { cursor: from } }, signal), reported({}, signal)]);
            say(`${page.identities.length} identities`);
            const next = page.next_cursor && el("p", {}, link("identities", { from: page.next_cursor }, "Next →"));
            return [...identityList(page.identities, link), next ?? [], ...reportSums(sums)].flat();
        }
        const path = `v1/identities/${encodeURIComponent(id)}`;
        const about = { policy_domain: id.split("@").at(-1) };
        const answers = [askJSON(path, {}, signal), askJSON(`${path}/history`, { limit: PAGE }, signal),
            reported(about, signal)];
        const [identity, { checks }, sums] = await Promise.all(answers);
        say(`${id} is ${identity.assessment ?? "not checked yet"}`);
        return [...identityDetail(identity, checks, link), ...reportSums(sums)];
    });
}

const reported = (about, signal) =>
    askJSON("v1/dmarc-reports/stats", { by: "receiver", from: reportsSince(), ...about }, signal);

// MARK: proof

function proof({ seq, size, root }) {
    load($("proof-result"), async (signal) => {
        if (!seq) return empty("Enter the number of an entry; the first is 0.");
        if (!canHash) throw new Refusal("insecure", "This browser hashes only on pages from HTTPS or localhost.");
        const now = await askJSON("v1/tree", {}, signal);
        const kept = root?.toLowerCase() ?? (size ? undefined : now.root);
        const asked = { ledger: now.ledger, seq: Number(seq), size: Number(size || now.size), root: kept };
        const path = `v1/entries/${encodeURIComponent(seq)}`;
        const answers = [askJSON(path, {}, signal), askJSON(`${path}/proof`, { size: asked.size }, signal)];
        const [item, answer] = await Promise.all(answers);
        const verdict = await checkEntry(item, answer, asked);
        const stated = `the root that the service states ${size ? "for that size" : "now"}`;
        return [banner(verdict, asked, root ? "the root you gave" : stated), ...stepNodes(verdict, asked),
            el("h3", {}, "The line, byte for byte"), el("pre", { class: "line" }, String(item.line)),
            details(item.entry, item.personal, item.erased_by)];
    });
}

function banner({ included, faults, steps }, { size }, against) {
    const headline = included ? `This entry is in the tree of ${count(size)} entries.`
        : "This entry is not proved to be in the tree.";
    say(headline);
    const tone = included ? { class: "verdict good" } : { class: "verdict bad", role: "alert" };
    const box = el("div", { id: "verdict", ...tone }, el("p", {}, el("strong", {}, headline)));
    if (included) {
        const way = `${steps.length} ${steps.length === 1 ? "step leads" : "steps lead"} from there to ${against}`;
        box.append(el("p", {}, `Its line hashes to its leaf, and ${way}.`));
    } else {
        box.append(el("ul", {}, faults.map((fault) => el("li", {}, foreign(fault)))));
        box.append(el("p", {}, "Keep this answer, check again, and tell the operator and whoever audits this ledger."));
    }
    return box;
}

function stepNodes({ leaf, steps, root }, asked) {
    const hash = (text) => el("code", { class: "hash" }, text);
    const nodes = steps.map(({ side, sibling, hash: result }) => {
        const parts = side === "left" ? "sibling ‖ ours" : "ours ‖ sibling";
        const note = el("small", {}, `sibling on the ${side} `, code(sibling));
        return el("li", {}, `SHA-256(0x01 ‖ ${parts})`, hash(result), note);
    });
    const first = el("li", {}, "Leaf: SHA-256(0x00 ‖ line)", hash(leaf));
    const list = el("ol", { class: "steps", start: "0" }, first, nodes);
    const ends = root === null ? [] : [["Root reached", hash(root)], ["Held against", hash(asked.root ?? root)]];
    return [el("h3", {}, "Steps"), list, pairs(ends)];
}

// MARK: start

function onSubmit(form, action) {
    $(form).addEventListener("submit", (event) => {
        event.preventDefault();
        action(fields(event.target));
    });
}

for (const [id, names] of [["kind", KINDS], ["outcome", OUTCOMES], ["mode", MODES]]) {
    const options = names.map((name) => el("option", { value: name }, spaced(name)));
    $(id).append(el("option", { value: "" }, "any"), ...options);
}
for (const view of Object.keys(views)) onSubmit(`${view}-form`, (params) => go(view, params));
onSubmit("export-form", saveExport);
onSubmit("sign-in-form", () => {
    token = $("token").value.trim();
    signIn();
});
$("overview-form").addEventListener("change", (event) => go("overview", fields(event.currentTarget)));
$("clear").addEventListener("click", () => go("entries"));
$("sign-out").addEventListener("click", () => signOut());
$("tree-again").addEventListener("click", showTree);
$("skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("main").focus();
});
addEventListener("hashchange", route);
if (token) signIn();
else $("sign-in").hidden = false;
