import hashlib, json, sys  # usage: python3 verify_export.py acme.example/mail < export.jsonl

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def refuse(*_):
    raise ValueError("not canonical")

def members(pairs):
    return dict(pairs) if len(dict(pairs)) == len(pairs) else refuse()

origin, seq, stack = sys.argv[1], 0, []  # stack: height and hash of each perfect subtree, the largest first
prev = sha256(b"countersign/genesis/1\n", origin.encode(), b"\n")
for seq, line in enumerate(sys.stdin.buffer.read().removesuffix(b"\n").split(b"\n"), start=1):
    try:
        entry = json.loads(line.decode(), parse_float=refuse, parse_constant=refuse, object_pairs_hook=members)
        same = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() == line
        assert same and (entry["ledger"], entry["seq"], entry["prev"]) == (origin, seq - 1, prev.hex())
    except (ValueError, AssertionError, KeyError) as error:
        sys.exit(f"entry {seq - 1} is broken: {error!r}")
    height, node = 0, sha256(b"\x00", line)
    prev = node
    while stack and stack[-1][0] == height:
        height, node = height + 1, sha256(b"\x01", stack.pop()[1], node)
    stack.append((height, node))
root = stack.pop()[1] if stack else sha256()
while stack:
    root = sha256(b"\x01", stack.pop()[1], root)
print(seq, root.hex())
