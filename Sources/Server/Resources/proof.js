// The proof check, and nothing else: no page, no network. RFC 6962 hashes, computed by this browser.

/** Whether this browser lets us hash: it does so over HTTPS and on localhost only. */
export const canHash = Boolean(globalThis.crypto?.subtle);

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const isHash = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

async function sha256(...parts) {
    const message = new Uint8Array(await new Blob(parts).arrayBuffer());
    return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", message)));
}

/** SHA-256(0x00 || line), RFC 6962 §2.1. */
export const leafHash = (line) => sha256(Uint8Array.of(0), new TextEncoder().encode(line));

/** SHA-256(0x01 || left || right). */
const nodeHash = (left, right) => sha256(Uint8Array.of(1), bytesOf(left), bytesOf(right));

/**
 * Folds an audit path from the leaf up (RFC 9162 §2.1.3.2). Sizes reach 2^53, so the halving is division, not shifts.
 * Gives the steps, and the root they lead to, or null where the path is too short or too long for this tree.
 */
export async function fold(leaf, seq, size, path) {
    const half = (n) => Math.floor(n / 2);
    let [index, last, hash] = [seq, size - 1, leaf];
    const steps = [];
    for (const sibling of path) {
        if (last === 0) return { steps, root: null };
        const onLeft = index % 2 === 1 || index === last;
        hash = onLeft ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
        steps.push({ sibling, side: onLeft ? "left" : "right", hash });
        while (onLeft && index % 2 === 0 && index !== 0) [index, last] = [half(index), half(last)];
        [index, last] = [half(index), half(last)];
    }
    return { steps, root: last === 0 ? hash : null };
}

/**
 * Judges one entry: `item` and `proof` as the service answered, `asked` = { ledger, seq, size, root? } as we know it.
 * The verdict is { included, leaf, steps, root, faults }: each fault is a sentence on what did not match.
 */
export async function checkEntry(item, proof, asked) {
    const faults = [];
    const expect = (holds, sentence) => holds || faults.push(sentence);
    const leaf = await leafHash(item.line);
    expect(leaf === item.leaf_hash, "The line does not hash to the leaf hash given with it.");
    expect(leaf === proof.leaf_hash, "The proof is about another leaf hash than the one computed from the line.");
    let entry = {};
    try {
        entry = JSON.parse(item.line);
    } catch {
        faults.push("The line is not JSON.");
    }
    expect(entry.seq === asked.seq, `The line says it is entry ${entry.seq}, not ${asked.seq}.`);
    expect(entry.ledger === asked.ledger, `The line names the ledger ${entry.ledger}, not ${asked.ledger}.`);
    expect(proof.seq === asked.seq && proof.size === asked.size, "The proof is for another entry or tree size.");
    if (!Array.isArray(proof.proof) || !proof.proof.every(isHash)) {
        faults.push("The proof holds something that is not a SHA-256 hash.");
        return { included: false, leaf, steps: [], root: null, faults };
    }
    const { steps, root } = await fold(leaf, asked.seq, asked.size, proof.proof);
    expect(root !== null, "The path does not have the length that this place in a tree of this size needs.");
    if (root !== null) {
        expect(root === proof.root, "The path leads to another root than the proof claims.");
        expect(!asked.root || root === asked.root, "The path leads to another root than the one it is held against.");
    }
    return { included: faults.length === 0, leaf, steps, root, faults };
}
