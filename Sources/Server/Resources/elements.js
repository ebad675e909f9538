// What the page is made of. Everything that comes from the ledger goes in as text, never as markup.

const words = (text) => text.split(" ");

export const KINDS = words("send decision step_attempt run_outcome inbound verification report preference monitor " +
    "policy access");
export const MODES = words("read_only gated_all gated_send monitored autonomous");
const GOOD = words("sent delivered approved succeeded aligned accepted released opted_in ok protected");
const BAD = words("bounced complained failed rejected refused suppressed expired unaligned unauthenticated " +
    "quarantined cancelled timed_out unknown opted_out unprotected misconfigured erased revoked");
const OPEN = words("requested held scheduled edited started called waiting skipped received not_applicable " +
    "indeterminate monitoring recovered reviewed opened closed changed granted exported");
export const OUTCOMES = [...GOOD, ...BAD, ...OPEN].sort();

export const spaced = (name) => name.replaceAll("_", " ");
export const count = (number) => number.toLocaleString("en");

/** An element; strings among the children become text nodes. */
export function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children.flat());
    return node;
}

/** Text from outside: set apart, so that its writing direction cannot reorder what stands around it. */
export const foreign = (text) => el("bdi", {}, String(text));

export const pairs = (rows) => el("dl", {}, rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));

const SECONDS = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", dateStyle: "medium", timeStyle: "medium" });
export const time = (stamp) => el("time", { datetime: stamp, title: stamp }, `${SECONDS.format(new Date(stamp))} UTC`);

export function outcome(name) {
    const tone = GOOD.includes(name) ? "good" : BAD.includes(name) ? "bad" : "open";
    return el("span", { class: `outcome ${tone}` }, spaced(name));
}

/** A table that scrolls within itself; the first cell of each row is its heading. */
export function table(caption, head, rows, foot = []) {
    const cell = (content, index) => index === 0 ? el("th", { scope: "row", "data-label": head[0] }, content)
        : el("td", { "data-label": head[index] }, content);
    const line = (cells) => el("tr", {}, cells.map(cell));
    const inner = el("table", {}, el("caption", { class: "unseen" }, caption),
        el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, rows.map(line)), foot.length ? el("tfoot", {}, line(foot)) : []);
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, inner);
}

export const code = (hash) => el("code", { title: hash }, `${hash.slice(0, 10)}…`);
export const empty = (text) => el("p", { class: "empty" }, text);
