package encoder

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"
)

// File is named arrays in one slice of bytes: magic, length of the index, index as JSON, arrays aligned to eight bytes, little endian.
// Arrays are not copied: they stay where the bytes are, in the binary.
type File struct {
	data  []byte
	index map[string]place
}

type place struct {
	At, Bytes int
}

const magic = "CSRM0001"

// ErrFile says that bytes are no weights.
var ErrFile = errors.New("not a file of weights")

// Open reads the index of data.
func Open(data []byte) (*File, error) {
	if len(data) < 16 || string(data[:8]) != magic {
		return nil, ErrFile
	}
	n := int(binary.LittleEndian.Uint64(data[8:]))
	if n < 0 || n > len(data)-16 {
		return nil, ErrFile
	}
	f := &File{data: data}
	err := json.Unmarshal(data[16:16+n], &f.index)
	if err != nil {
		return nil, fmt.Errorf("%w: index: %w", ErrFile, err)
	}
	for name, p := range f.index {
		if p.At < 0 || p.Bytes < 0 || p.At+p.Bytes > len(data) || p.At%8 != 0 {
			return nil, fmt.Errorf("%w: %s lies outside", ErrFile, name)
		}
	}
	return f, nil
}

// Bytes is the array called name; nil where there is none.
func (f *File) Bytes(name string) []byte {
	p := f.index[name]
	return f.data[p.At : p.At+p.Bytes : p.At+p.Bytes]
}

// JSON reads the array called name into v.
func (f *File) JSON(name string, v any) error {
	err := json.Unmarshal(f.Bytes(name), v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Int8 is the array called name.
func (f *File) Int8(name string) []int8 {
	b := f.Bytes(name)
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*int8)(unsafe.Pointer(&b[0])), len(b))
}

// Floats is the array called name, copied.
func (f *File) Floats(name string) []float32 {
	b := f.Bytes(name)
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// Uint32 is number i of the array b.
func number(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

// Writer builds a File.
type Writer struct{ arrays map[string][]byte }

// Put adds an array of bytes.
func (w *Writer) Put(name string, b []byte) {
	if w.arrays == nil {
		w.arrays = map[string][]byte{}
	}
	w.arrays[name] = b
}

// PutFloats adds an array of numbers.
func (w *Writer) PutFloats(name string, numbers []float32) {
	b := make([]byte, 0, 4*len(numbers))
	for _, x := range numbers {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	w.Put(name, b)
}

// PutInts adds an array of unsigned numbers.
func (w *Writer) PutInts(name string, numbers []uint32) {
	b := make([]byte, 0, 4*len(numbers))
	for _, x := range numbers {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	w.Put(name, b)
}

// PutInt8 adds an array of small numbers.
func (w *Writer) PutInt8(name string, numbers []int8) {
	b := make([]byte, len(numbers))
	for i, x := range numbers {
		b[i] = byte(x)
	}
	w.Put(name, b)
}

// PutJSON adds v as JSON.
func (w *Writer) PutJSON(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.Put(name, b)
	return nil
}

// Bytes is the file. The same arrays give the same bytes.
func (w *Writer) Bytes() ([]byte, error) {
	names := make([]string, 0, len(w.arrays))
	for name := range w.arrays {
		names = append(names, name)
	}
	slices.Sort(names)
	// The index must know where arrays lie, and they lie behind the index: room is left for the largest it can be.
	room := 64
	for _, name := range names {
		room += len(name) + 64
	}
	room = (room + 7) / 8 * 8
	index, at := map[string]place{}, 16+room
	for _, name := range names {
		index[name] = place{at, len(w.arrays[name])}
		at += (len(w.arrays[name]) + 7) / 8 * 8
	}
	header, err := json.Marshal(index)
	if err != nil {
		return nil, fmt.Errorf("index of weights: %w", err)
	}
	out := make([]byte, at)
	copy(out, magic)
	binary.LittleEndian.PutUint64(out[8:], uint64(room))
	for i := copy(out[16:], header); i < room; i++ {
		out[16+i] = ' '
	}
	for _, name := range names {
		copy(out[index[name].At:], w.arrays[name])
	}
	return out, nil
}

// CopyTo adds what w holds to another.
func (w *Writer) CopyTo(other *Writer) {
	for name, b := range w.arrays {
		other.Put(name, b)
	}
}
