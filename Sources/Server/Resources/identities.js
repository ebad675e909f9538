// Sender identities: how each name stands, what to mend, and what changed.
import { count, el, empty, foreign, outcome, pairs, spaced, table, time } from "./elements.js";

const PROVIDERS = { gmail_bulk: "Gmail, bulk senders", yahoo: "Yahoo", microsoft_bulk: "Microsoft, bulk senders" };

/** All identities; `linkTo(view, params, text)` makes a link of the page. */
export function identityList(identities, linkTo) {
    if (!identities.length) {
        return [empty("None yet. PUT /v1/identities/acme.example with its selectors and hosts, or use " +
            "`countersign identity add`.")];
    }
    const rows = identities.map(({ identity, assessment, checked_at, verification_seq }) => [
        linkTo("identities", { id: identity }, foreign(identity)),
        assessment ? outcome(assessment) : "not checked yet", checked_at ? time(checked_at) : "–",
        verification_seq === undefined ? "–" : linkTo("proof", { seq: verification_seq }, String(verification_seq)),
    ]);
    const box = table("Identities", ["Identity", "Assessment", "Checked", "Entry"], rows);
    box.classList.add("cards");
    return [box];
}

/** One identity: its state, the findings of the last check with the remedy of each, and its history. */
export function identityDetail(identity, checks, linkTo) {
    const { settings, assessment, checked_at, verification } = identity;
    const nodes = [el("p", {}, linkTo("identities", {}, "← All identities")), pairs([
        ["Identity", foreign(identity.identity)], ["Assessment", assessment ? outcome(assessment) : "not checked yet"],
        ...checked_at ? [["Checked", time(checked_at)]] : [],
        ...Object.entries(settings).map(([name, value]) => [spaced(name), foreign([value].flat().join(", "))]),
    ])];
    if (verification) nodes.push(...result(verification.result));
    nodes.push(el("h2", {}, "History"));
    nodes.push(checks.length ? el("ol", { class: "timeline" }, checks.map((check) => moment(check, linkTo)))
        : empty("No check has been recorded yet."));
    return nodes;
}

function result({ dmarc, spf, dkim, findings, provider_rules, shortened }) {
    if (shortened) return [empty("The result is too long for its entry's line, and sealed there.")];
    const keys = dkim.map(({ s, d, reason }) => el("li", {}, foreign(`${s}._domainkey.${d}`), ": ", foreign(reason)));
    const records = [["DMARC record", foreign(dmarc.record ?? "none that applies")],
        ["Found at", foreign(dmarc.found_at ?? "–")], ["Policy", dmarc.effective_policy ?? "–"],
        ["SPF record", foreign(spf.record ?? "none that can be used")], ["DKIM keys", keys.length ? el("ul", {}, keys) : "–"]];
    const rules = Object.entries(provider_rules).map(([name, met]) => [PROVIDERS[name] ?? foreign(name), ruleText(met)]);
    return [el("h2", {}, "Findings"), findings.length ? el("ul", {}, findings.map(finding)) : empty("None."),
        el("h2", {}, "Records"), pairs(records), el("h2", {}, "What large providers demand"), pairs(rules)];
}

const ruleText = (met) => met === "met" ? "met" : `not met: ${spaced(met.replace("not_met:", ""))}`;

const finding = ({ severity, text, ref }) =>
    el("li", {}, el("span", { class: "mark" }, severity), " ", foreign(text), " ", el("small", {}, `(${ref})`));

function moment({ seq, recorded_at, assessment, trigger = "", changes }, linkTo) {
    const shown = (value) => value === undefined ? "nothing" : JSON.stringify(value);
    const rows = changes.map(({ path, before, after }) => [foreign(path), foreign(shown(before)), foreign(shown(after))]);
    return el("li", { class: "verification", "data-seq": seq },
        el("p", {}, outcome(assessment), trigger ? ` ${trigger}` : ""),
        el("p", { class: "note" }, time(recorded_at), " · ", linkTo("proof", { seq }, `seq ${seq}`)),
        rows.length ? el("details", {}, el("summary", {}, `${count(rows.length)} changes`),
            table("Changes", ["What", "Before", "After"], rows)) : []);
}

/** What was known of the sender when each state of a message was recorded. */
export function alignmentTable(alignment, linkTo) {
    const rows = alignment.map(({ seq, identity, verification_seq, assessment }) => [
        linkTo("proof", { seq }, String(seq)), linkTo("identities", { id: identity }, foreign(identity)),
        outcome(assessment), linkTo("proof", { seq: verification_seq }, String(verification_seq))]);
    return table("Sender identity", ["Entry", "Identity", "Assessment", "Check"], rows);
}
