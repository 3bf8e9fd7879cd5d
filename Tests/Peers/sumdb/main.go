// Reads a log with the code of Go's checksum database, golang.org/x/mod/sumdb, and with nothing of ours.
//
//	sumdb log PLACE VKEY   PLACE is a URL or a directory that holds checkpoint and tile/: the note, the
//	                       tree from its tiles, every entry, and Go's own proofs over those tiles
//	sumdb proofs           proofs of ours on standard input, a line each:
//	                       inclusion SIZE ROOT INDEX LEAF HASH,… | consistency SIZE ROOT OLD OLDROOT HASH,…
//
// Prints what it checked; ends with 1 and the reason at the first thing that does not hold.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what ...interface{}) {
	if err != nil {
		fmt.Fprintln(os.Stderr, append(what, err)...)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

type place string

func (p place) read(path string) ([]byte, error) {
	if !strings.HasPrefix(string(p), "http") {
		return os.ReadFile(string(p) + "/" + path)
	}
	answer, err := http.Get(string(p) + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// Go's paths begin with the height of the tiles, those of tlog-tiles do not, and data is entries.
func (p place) tile(t tlog.Tile) ([]byte, error) {
	path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
	return p.read(strings.Replace(path, "tile/data/", "tile/entries/", 1))
}

func (p place) Height() int { return 8 }

func (p place) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		bytes, err := p.tile(t)
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func (p place) SaveTiles([]tlog.Tile, [][]byte) {}

func readLog(p place, vkey string) {
	verifier := must(note.NewVerifier(vkey))
	opened := must(note.Open(must(p.read("checkpoint")), note.VerifierList(verifier)))
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		check(fmt.Errorf("not a checkpoint of this log: %q", opened.Text))
	}
	size := must(strconv.ParseInt(lines[1], 10, 64))
	root := must(tlog.ParseHash(lines[2]))
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, p)

	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		leaves := must(hashes.ReadHashes(indexes)) // against the root, through the tiles
		bundle := must(p.tile(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}))
		for i, leaf := range leaves {
			length := int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:2+length]) != leaf {
				check(fmt.Errorf("entry %d is not the leaf", first+int64(i)))
			}
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			check(fmt.Errorf("bytes after entry %d", first+width-1))
		}
	}
	records, trees := 0, 0
	for n := int64(0); n < size; n += 1 + size/97 {
		leaf := must(hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)}))[0]
		check(tlog.CheckRecord(must(tlog.ProveRecord(size, n, hashes)), size, root, n, leaf), "record", n)
		records++
		old := must(tlog.TreeHash(n+1, hashes))
		check(tlog.CheckTree(must(tlog.ProveTree(size, n+1, hashes)), size, root, n+1, old), "tree", n+1)
		trees++
	}
	fmt.Println("size", size, "records", records, "trees", trees)
}

func parse(text string) tlog.Hash {
	var hash tlog.Hash
	if n := must(hex.Decode(hash[:], []byte(text))); n != len(hash) {
		check(fmt.Errorf("%q is no hash", text))
	}
	return hash
}

func checkProofs() {
	scanner := bufio.NewScanner(os.Stdin)
	count := 0
	for ; scanner.Scan(); count++ {
		f := strings.Split(scanner.Text(), " ")
		size, position := must(strconv.ParseInt(f[1], 10, 64)), must(strconv.ParseInt(f[3], 10, 64))
		proof := []tlog.Hash{}
		for _, text := range strings.FieldsFunc(f[5], func(r rune) bool { return r == ',' }) {
			proof = append(proof, parse(text))
		}
		if f[0] == "inclusion" {
			check(tlog.CheckRecord(proof, size, parse(f[2]), position, parse(f[4])), scanner.Text())
		} else {
			check(tlog.CheckTree(proof, size, parse(f[2]), position, parse(f[4])), scanner.Text())
		}
	}
	check(scanner.Err())
	fmt.Println("proofs", count)
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "log" {
		readLog(place(os.Args[2]), os.Args[3])
	} else if len(os.Args) == 2 && os.Args[1] == "proofs" {
		checkProofs()
	} else {
		check(fmt.Errorf("usage: sumdb log PLACE VKEY | sumdb proofs"))
	}
}
