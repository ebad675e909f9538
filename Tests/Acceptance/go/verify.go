// Judges checkpoints, receipts and consistency proofs with the packages of Go's checksum database, which know nothing
// of Countersign. Reads one JSON case a line from standard input, writes one JSON verdict a line to standard output.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Case is one thing to judge; byte strings travel as base64.
type Case struct {
	Kind   string   `json:"kind"` // checkpoint, receipt, consistency
	Keys   []string `json:"keys"`
	Origin string   `json:"origin"`
	Note   []byte   `json:"note"` // the checkpoint, or the receipt's file; the newer checkpoint of a consistency proof
	Line   []byte   `json:"line"` // the entry of a receipt
	Old    []byte   `json:"old"`  // the older checkpoint
	Proof  [][]byte `json:"proof"`
}

// Verdict is what came of it.
type Verdict struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason"`
	Size     int64  `json:"size"`
	Index    int64  `json:"index"`
	Signers  int    `json:"signers"`
}

// Checkpoint is the text of a note that a known key has signed.
type Checkpoint struct {
	size    int64
	root    tlog.Hash
	signers int
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var c Case
		if err := decoder.Decode(&c); err != nil {
			fmt.Fprintln(os.Stderr, "this is no case:", err)
			os.Exit(2)
		}
		verdict, err := judge(c)
		verdict.Accepted = err == nil
		if err != nil {
			verdict.Reason = err.Error()
		}
		if err := out.Encode(verdict); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}

func judge(c Case) (Verdict, error) {
	switch c.Kind {
	case "checkpoint":
		checkpoint, err := open(c.Note, c.Origin, c.Keys)
		return Verdict{Size: checkpoint.size, Signers: checkpoint.signers}, err
	case "receipt":
		return receipt(c)
	case "consistency":
		return consistency(c)
	}
	return Verdict{}, errors.New("this is no kind of case")
}

// open verifies a note and reads its three lines. tlog.ParseTree knows the origin of Go's own log only.
func open(text []byte, origin string, keys []string) (Checkpoint, error) {
	var known []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return Checkpoint{}, err
		}
		known = append(known, verifier)
	}
	opened, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		return Checkpoint{}, err
	}
	lines := strings.Split(strings.TrimSuffix(opened.Text, "\n"), "\n")
	if len(lines) != 3 {
		return Checkpoint{}, errors.New("the text has not three lines")
	}
	if lines[0] != origin {
		return Checkpoint{}, errors.New("another origin")
	}
	size, err := decimal(lines[1])
	if err != nil {
		return Checkpoint{}, err
	}
	root, err := hash(lines[2])
	return Checkpoint{size, root, len(opened.Sigs)}, err
}

// receipt judges a C2SP tlog-proof for the line beside it.
func receipt(c Case) (Verdict, error) {
	head, rest, found := bytes.Cut(c.Note, []byte("\n\n"))
	if !found {
		return Verdict{}, errors.New("no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return Verdict{}, errors.New("another first line")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.Strict().DecodeString(lines[0][6:]); err != nil {
			return Verdict{}, err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return Verdict{}, errors.New("no index")
	}
	index, err := decimal(lines[0][6:])
	if err != nil {
		return Verdict{}, err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		sibling, err := hash(line)
		if err != nil {
			return Verdict{}, err
		}
		proof = append(proof, sibling)
	}
	checkpoint, err := open(rest, c.Origin, c.Keys)
	if err != nil {
		return Verdict{}, err
	}
	verdict := Verdict{Size: checkpoint.size, Index: index, Signers: checkpoint.signers}
	// CheckRecord takes an index beyond the tree for a mistake of its caller.
	if index >= checkpoint.size {
		return verdict, errors.New("the index is not in the tree")
	}
	return verdict, tlog.CheckRecord(proof, checkpoint.size, checkpoint.root, index, tlog.RecordHash(c.Line))
}

func consistency(c Case) (Verdict, error) {
	older, err := open(c.Old, c.Origin, c.Keys)
	if err != nil {
		return Verdict{}, err
	}
	newer, err := open(c.Note, c.Origin, c.Keys)
	if err != nil {
		return Verdict{}, err
	}
	var proof tlog.TreeProof
	for _, each := range c.Proof {
		var node tlog.Hash
		if len(each) != len(node) {
			return Verdict{}, errors.New("a hash of another length")
		}
		copy(node[:], each)
		proof = append(proof, node)
	}
	if older.size < 1 || older.size > newer.size {
		return Verdict{}, errors.New("the older tree is not the smaller one")
	}
	return Verdict{Size: newer.size}, tlog.CheckTree(proof, newer.size, newer.root, older.size, older.root)
}

func decimal(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != text || number < 0 {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return number, nil
}

func hash(text string) (tlog.Hash, error) {
	var parsed tlog.Hash
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(text) != 44 || len(decoded) != len(parsed) {
		return parsed, fmt.Errorf("%q is no hash", text)
	}
	copy(parsed[:], decoded)
	return parsed, nil
}
