// What receivers of mail report about ours: the sums of what counts, and how much does not.
import { count, el, empty, foreign, table } from "./elements.js";

export const REPORT_DAYS = 90;

/** Where the time begins that reports are summed for. */
export const reportsSince = () => new Date(Date.now() - REPORT_DAYS * 86_400_000).toISOString();

/** Sums by receiver. What is in no sum is said beside them, never left out. */
export function reportSums({ groups, unverified, differing, truncated }) {
    const nodes = [el("h2", {}, "DMARC reports")];
    if (!groups.length && !unverified.reports && !differing.reports) {
        return [...nodes, empty(`None about the last ${REPORT_DAYS} days. POST /v1/dmarc-reports takes them in, or use ` +
            "`countersign dmarc-report import`.")];
    }
    const rows = groups.map(({ receiver, count: messages, aligned, claimed }) => [
        receiver ? foreign(receiver) : "not known", count(messages), count(aligned), claimed ? count(claimed) : "–"]);
    const box = table("Messages that receivers report", ["Receiver", "Messages", "Passed DMARC", "Receiver only claimed"],
        rows);
    box.classList.add("cards");
    nodes.push(el("p", { class: "note" }, `The last ${REPORT_DAYS} days, as receivers claim.`,
        truncated ? " Only the largest are shown." : ""), groups.length ? box : []);
    nodes.push(uncounted("unverified", unverified, "nobody vouches for them, so they are in no sum"));
    if (differing.reports) nodes.push(uncounted("differing", differing, "another version of each report counts"));
    return nodes.flat();
}

const uncounted = (name, { reports, messages }, why) => el("p", { class: `uncounted ${name}` },
    el("strong", {}, `${name}: ${count(reports)} reports, ${count(messages)} messages`), reports ? ` (${why})` : "");
