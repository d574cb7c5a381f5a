// Checks a copy of an audit log, or a receipt, with the Go modules golang.org/x/mod/sumdb/{note,tlog}, which share no code with
// bifrost. Version 0.7 of them knows neither the origin line of C2SP's checkpoints nor C2SP's paths: those are parsed here.
//
//	check log FOLDER VKEY [EARLIER CHECKPOINT ...]
//	check receipt FILE VKEY
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: check log FOLDER VKEY [EARLIER CHECKPOINT ...] | check receipt FILE VKEY")
	}
	verifier, err := note.NewVerifier(args[2])
	if err != nil {
		return err
	}
	switch args[0] {
	case "log":
		return checkLog(args[1], verifier, args[3:])
	case "receipt":
		return checkReceipt(args[1], verifier)
	default:
		return fmt.Errorf("unknown command %s", args[0])
	}
}

// openCheckpoint verifies the signature of a checkpoint and reads its lines.
func openCheckpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("checkpoint: does not begin with the lines origin, size and root")
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || tree.N < 0 || lines[1] != strconv.FormatInt(tree.N, 10) {
		return tree, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// path returns the C2SP path of the tile or bundle at this level with this number, and its width in a tree of this size.
func path(level string, number, hashes int64) (string, int) {
	name := fmt.Sprintf("%03d", number%1000)
	for rest := number / 1000; rest > 0; rest /= 1000 {
		name = fmt.Sprintf("x%03d/%s", rest%1000, name)
	}
	name = "log/tile/" + level + "/" + name
	if left := hashes - number*width; left < width {
		return fmt.Sprintf("%s.p/%d", name, left), int(left)
	}
	return name, width
}

// bundle reads the entries of a bundle: each after its length as two bytes.
func bundle(folder string, number, size int64) ([][]byte, error) {
	name, count := path("entries", number, size)
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s: ends within an entry", name)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("%s: has %d entries", name, len(entries))
	}
	return entries, nil
}

// tiles reads the tiles of a log in a folder, for tlog.TileHashReader.
type tiles struct {
	folder string
	size   int64
}

func (t tiles) Height() int { return height }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		name, _ := path(strconv.Itoa(tile.L), tile.N, t.size>>(uint(tile.L)*height))
		data, err := os.ReadFile(filepath.Join(t.folder, name))
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: has %d bytes", name, len(data))
		}
		found = append(found, data[:tile.W*tlog.HashSize])
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// rebuild makes the hashes of a tree from the entries in the bundles.
func rebuild(folder string, size int64) ([]tlog.Hash, [][]byte, error) {
	var hashes []tlog.Hash
	var entries [][]byte
	read := func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, hashes[index])
		}
		return found, nil
	}
	for number := int64(0); number*width < size; number++ {
		bundle, err := bundle(folder, number, size)
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range bundle {
			stored, err := tlog.StoredHashes(int64(len(entries)), entry, tlog.HashReaderFunc(read))
			if err != nil {
				return nil, nil, err
			}
			hashes = append(hashes, stored...)
			entries = append(entries, entry)
		}
	}
	return hashes, entries, nil
}

func checkLog(folder string, verifier note.Verifier, earlier []string) error {
	text, err := os.ReadFile(filepath.Join(folder, "log/checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(text, verifier)
	if err != nil {
		return err
	}
	hashes, entries, err := rebuild(folder, tree.N)
	if err != nil {
		return err
	}
	memory := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, hashes[index])
		}
		return found, nil
	})
	root, err := tlog.TreeHash(tree.N, memory)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries have the root %v, and the checkpoint %v", root, tree.Hash)
	}
	compared, err := compareTiles(folder, tree.N, memory)
	if err != nil {
		return err
	}
	proofs, err := proveRecords(folder, tree, entries)
	if err != nil {
		return err
	}
	if err := proveEarlier(folder, tree, verifier, earlier); err != nil {
		return err
	}
	fmt.Printf("size %d: %d tiles, %d record proofs, %d consistency proofs\n", tree.N, compared, proofs, len(earlier))
	return nil
}

// compareTiles compares all tiles of a tree with those that follow from its entries.
func compareTiles(folder string, size int64, memory tlog.HashReader) (int, error) {
	compared := 0
	for _, tile := range tlog.NewTiles(height, 0, size) {
		name, count := path(strconv.Itoa(tile.L), tile.N, size>>(uint(tile.L)*height))
		// Version 0.7 names incomplete tiles of every width.
		if tile.W != count {
			continue
		}
		expected, err := tlog.ReadTileData(tile, memory)
		if err != nil {
			return 0, err
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(data, expected) {
			return 0, fmt.Errorf("%s: is not the tile that follows from the entries", name)
		}
		compared++
	}
	return compared, nil
}

// proveRecords proves every entry, from tiles that are checked against the root.
func proveRecords(folder string, tree tlog.Tree, entries [][]byte) (int, error) {
	reader := tlog.TileHashReader(tree, tiles{folder, tree.N})
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return 0, fmt.Errorf("entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
			return 0, fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return len(entries), nil
}

// proveEarlier proves that the log contains what it had at each earlier checkpoint.
func proveEarlier(folder string, tree tlog.Tree, verifier note.Verifier, earlier []string) error {
	reader := tlog.TileHashReader(tree, tiles{folder, tree.N})
	for _, file := range earlier {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		old, err := openCheckpoint(text, verifier)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// checkReceipt checks a C2SP tlog-proof whose extra data is the entry.
func checkReceipt(file string, verifier note.Verifier) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parts := strings.SplitN(string(text), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return errors.New("receipt: does not begin with the lines of a tlog-proof, extra data and index")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return fmt.Errorf("receipt: extra data: %w", err)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return fmt.Errorf("receipt: index: %w", err)
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return fmt.Errorf("receipt: %w", err)
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint([]byte(parts[1]), verifier)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	fmt.Printf("receipt: entry %d of %d\n", index, tree.N)
	return nil
}
