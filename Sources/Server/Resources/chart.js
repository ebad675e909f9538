// Counts over time: a stacked bar chart in SVG, and the same numbers as a table. The style sheet has the colours.
import { count, el, foreign, spaced, table } from "./elements.js";

/** How many buckets are shown at once. */
export const SPANS = { hour: 48, day: 31, month: 12 };
const SERIES_SHOWN = 7;
const HEIGHT = 260;
const TOP = 10;
const BOTTOM = 26;
const LABEL_WIDTH = 70;

function svg(tag, attributes = {}, text = "") {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
}

/** The distance of the grid lines: 1, 2 or 5 times a power of ten, so that at most five of them are drawn. */
function gridStep(top) {
    const power = 10 ** Math.floor(Math.log10(Math.max(top / 5, 1)));
    return [1, 2, 5, 10].map((n) => n * power).find((step) => top / step <= 5);
}

function drawColumn(bucket, place, scale) {
    const column = svg("g", { class: "column", role: "img", tabindex: "-1", "aria-label": bucket.reading });
    const full = { x: place.left, y: TOP, width: place.pitch, height: HEIGHT - TOP - BOTTOM };
    column.append(svg("rect", { class: "hit", ...full }));
    const width = Math.max(place.pitch * 0.78, 2);
    let y = HEIGHT - BOTTOM;
    bucket.values.forEach((value, series) => {
        if (value === 0) return;
        const height = value * scale;
        y -= height;
        const x = place.left + (place.pitch - width) / 2;
        column.append(svg("rect", { class: `s${series}`, x, y, width, height, "data-value": value }));
    });
    return column;
}

/** One stop for the Tab key; the arrow keys walk on from there. Tells the reading of the column pointed at. */
function followPointerAndKeys(columns, buckets, tell) {
    let current = columns.length - 1;
    const walk = { ArrowLeft: -1, ArrowRight: 1, Home: -columns.length, End: columns.length };
    const pick = (index) => {
        columns[current].classList.remove("on");
        columns[current].setAttribute("tabindex", "-1");
        current = Math.min(Math.max(index, 0), columns.length - 1);
        columns[current].classList.add("on");
        columns[current].setAttribute("tabindex", "0");
        tell(buckets[current].reading);
    };
    columns[current].setAttribute("tabindex", "0");
    columns.forEach((column, index) => {
        column.addEventListener("pointerenter", () => pick(index));
        column.addEventListener("focus", () => pick(index));
        column.addEventListener("keydown", (event) => {
            if (!(event.key in walk)) return;
            event.preventDefault();
            pick(current + walk[event.key]);
            columns[current].focus();
        });
    });
}

/** Draws `buckets` ({ label, reading, values }, values in the order of the series) into `figure`, as wide as it is. */
function drawChart(figure, { buckets, label, tell }) {
    const width = Math.max(figure.clientWidth, 240);
    const most = Math.max(1, ...buckets.map((bucket) => bucket.values.reduce((sum, value) => sum + value, 0)));
    const step = gridStep(most);
    const top = Math.ceil(most / step) * step;
    const left = count(top).length * 7.5 + 12;
    const scale = (HEIGHT - TOP - BOTTOM) / top;
    const pitch = (width - left) / buckets.length;
    const box = { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT };
    const chart = svg("svg", { ...box, role: "group", "aria-label": label });
    for (let value = 0; value <= top; value += step) {
        const y = HEIGHT - BOTTOM - value * scale;
        chart.append(svg("line", { class: "grid", x1: left, x2: width, y1: y, y2: y }));
        chart.append(svg("text", { class: "axis", x: left - 8, y: y + 4, "text-anchor": "end" }, count(value)));
    }
    const columns = buckets.map((bucket, index) => drawColumn(bucket, { left: left + index * pitch, pitch }, scale));
    chart.append(...columns);
    const every = Math.ceil((buckets.length * LABEL_WIDTH) / (width - left));
    buckets.forEach((bucket, index) => {
        if ((buckets.length - 1 - index) % every !== 0) return;
        const x = Math.min(left + (index + 0.5) * pitch, width - LABEL_WIDTH / 2 + 10);
        chart.append(svg("text", { class: "axis", x, y: HEIGHT - 8, "text-anchor": "middle" }, bucket.label));
    });
    followPointerAndKeys(columns, buckets, tell);
    figure.replaceChildren(chart);
}

/** Starts of the buckets shown, oldest first, and the end of the last. `back` counts whole windows into the past. */
export function bucketStarts(per, back) {
    const now = new Date();
    const [year, month, day, hour] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), now.getUTCHours()];
    const at = {
        hour: (n) => Date.UTC(year, month, day, hour + n),
        day: (n) => Date.UTC(year, month, day + n),
        month: (n) => Date.UTC(year, month + n),
    }[per];
    const span = SPANS[per];
    const start = (n) => new Date(at(n + 1 - span * (back + 1))).toISOString();
    return Array.from({ length: span + 1 }, (_, n) => `${start(n).slice(0, 13)}:00:00Z`);
}

export function bucketLabels(per, start) {
    const date = new Date(start);
    const format = (options) => date.toLocaleString("en-GB", { timeZone: "UTC", ...options });
    const day = { day: "numeric", month: "short" };
    if (per === "hour") return [start.slice(11, 16), format({ ...day, hour: "2-digit", minute: "2-digit" })];
    if (per === "day") return [format(day), format({ ...day, year: "numeric" })];
    return [format({ month: "short", year: "numeric" }), format({ month: "long", year: "numeric" })];
}

/** Counts per bucket and name, and the names by total; beyond a handful the rest is one series. */
export function series(buckets, by, starts) {
    const totals = new Map();
    const found = new Map(buckets.map(({ start, counts }) => [start, counts]));
    for (const { [by]: name = "", count: number } of buckets.flatMap(({ counts }) => counts)) {
        totals.set(name, (totals.get(name) ?? 0) + number);
    }
    const names = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a));
    const shown = names.length > SERIES_SHOWN + 1 ? names.slice(0, SERIES_SHOWN) : names;
    const place = (name) => (shown.includes(name) ? shown.indexOf(name) : shown.length);
    const label = (name) => (name === "" ? `no ${spaced(by)}` : by === "sender" ? name : spaced(name));
    const labels = shown.map(label).concat(shown.length < names.length ? ["others"] : []);
    const rows = starts.map((start) => {
        const values = labels.map(() => 0);
        for (const { [by]: name = "", count: number } of found.get(start) ?? []) values[place(name)] += number;
        return { start, values, total: values.reduce((sum, value) => sum + value, 0) };
    });
    const sums = labels.map((_, index) => rows.reduce((sum, row) => sum + row.values[index], 0));
    return { labels, rows, totals: sums, all: sums.reduce((sum, value) => sum + value, 0) };
}

/** The chart with its reading and legend, and beside it the table. */
export function chartAndTable(per, by, { labels, rows, totals, all }) {
    const reading = el("p", { class: "reading" }, "Point at a bar, or walk with the arrow keys, to read it.");
    const buckets = rows.map((row) => {
        const [label, long] = bucketLabels(per, row.start);
        const parts = row.values.map((value, index) => value && `${labels[index]} ${count(value)}`).filter(Boolean);
        return { label, values: row.values, reading: [`${long}: ${count(row.total)} entries`, ...parts].join("; ") };
    });
    const figure = el("div", { class: "chart" });
    const caption = `Entries per ${per} by ${spaced(by)}`;
    const tell = (text) => (reading.textContent = text);
    const options = { buckets, label: `${caption}; arrow keys walk through the bars`, tell };
    new ResizeObserver(([entry]) => {
        if (entry.contentRect.width !== Number(figure.dataset.width)) drawChart(figure, options);
        figure.dataset.width = entry.contentRect.width;
    }).observe(figure);
    const swatch = (index) => el("i", { class: `s${index}` });
    const key = (name, index) => el("li", {}, swatch(index), foreign(name), ` ${count(totals[index])}`);
    const legend = el("ul", { class: "legend" }, labels.map(key));
    const cell = (value) => (value ? count(value) : "·");
    const filled = rows.filter((row) => row.total > 0).reverse();
    const body = filled.map((row) => [bucketLabels(per, row.start)[1], count(row.total), ...row.values.map(cell)]);
    const counts = table(caption, [per, "all", ...labels], body, ["all", count(all), ...totals.map(cell)]);
    counts.classList.add("numbers");
    return el("div", { class: "beside" }, el("figure", {}, reading, figure, legend), counts);
}
