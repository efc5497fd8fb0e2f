// Serves a folder as a hub and as plain files, fast enough that clients are what is measured:
// server FOLDER [MIB_PER_SECOND_OF_A_CONNECTION MILLISECONDS_OF_A_REQUEST].
//
// Repository bench/model has all files. Those of 10 MB or more are at another address, as at a CDN. It is the
// repository of a registry as well, where each file is a layer. Bucket bench of an S3 store has them too.
package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	commit    = "0123456789abcdef0123456789abcdef01234567"
	page      = 1000
	large     = 10_000_000
	resolve   = "/bench/model/resolve/"
	api       = "/api/models/bench/model/"
	registry  = "/v2/bench/model/"
	bucket    = "/bench"
	mediaType = "application/vnd.oci.image.manifest.v1+json"
	slack     = 200 * time.Millisecond
	mebibyte  = 1 << 20
)

type file struct {
	path    string
	size    int64
	sha256  string
	gitBlob string
}

// connection sends at most so many bytes in a second.
type connection struct {
	net.Conn
	bytesPerSecond float64
	since          time.Time
	sent           float64
}

func (c *connection) Write(b []byte) (int, error) {
	written := 0
	for len(b) > 0 {
		n, err := c.Conn.Write(b[:min(len(b), 64*1024)])
		written += n
		if err != nil {
			return written, err
		}
		b = b[n:]
		c.wait(n)
	}
	return written, nil
}

// wait keeps the pace. What was not used while nobody read is lost.
func (c *connection) wait(n int) {
	due := func() time.Duration {
		return time.Duration(c.sent/c.bytesPerSecond*float64(time.Second)) - time.Since(c.since)
	}
	if due() < -slack {
		c.since, c.sent = time.Now(), 0
	}
	c.sent += float64(n)
	time.Sleep(due())
}

type listener struct {
	net.Listener
	bytesPerSecond float64
}

func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil || l.bytesPerSecond == 0 {
		return accepted, err
	}
	return &connection{Conn: accepted, bytesPerSecond: l.bytesPerSecond, since: time.Now()}, nil
}

func hashed(root, path string) (file, error) {
	opened, err := os.Open(filepath.Join(root, path))
	if err != nil {
		return file{}, err
	}
	defer opened.Close()
	info, err := opened.Stat()
	if err != nil {
		return file{}, err
	}
	whole, blob := sha256.New(), sha1.New()
	fmt.Fprintf(blob, "blob %d\x00", info.Size())
	target := io.Writer(whole)
	if info.Size() < large {
		target = io.MultiWriter(whole, blob)
	}
	if _, err := io.Copy(target, opened); err != nil {
		return file{}, err
	}
	return file{path, info.Size(), hex.EncodeToString(whole.Sum(nil)), hex.EncodeToString(blob.Sum(nil))}, nil
}

func filesIn(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found, err := hashed(root, relative)
		files = append(files, found)
		return err
	})
	return files, err
}

type hub struct {
	root   string
	files  []file
	byPath map[string]file
	byHash map[string]file
	delay  time.Duration
	// Where large files are.
	blobs string
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(h.delay)
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, api+"revision/"):
		h.revision(w)
	case strings.HasPrefix(path, api+"tree/"):
		h.tree(w, r)
	case strings.HasPrefix(path, resolve):
		_, name, _ := strings.Cut(strings.TrimPrefix(path, resolve), "/")
		h.resolve(w, r, name)
	case strings.HasPrefix(path, registry+"manifests/"):
		h.manifest(w, r)
	case path == registry+"blobs/sha256:"+sum([]byte("{}")):
		io.WriteString(w, "{}")
	case strings.HasPrefix(path, registry+"blobs/sha256:"):
		h.serve(w, r, h.byHash[strings.TrimPrefix(path, registry+"blobs/sha256:")], "blob")
	case strings.HasPrefix(path, "/blobs/"):
		h.serve(w, r, h.byHash[strings.TrimPrefix(path, "/blobs/")], "blob")
	case r.URL.Query().Get("list-type") == "2":
		h.objects(w, r)
	default:
		name := strings.TrimPrefix(strings.TrimPrefix(path, bucket), "/")
		h.serve(w, r, h.byPath[name], "file")
	}
}

func (h *hub) revision(w http.ResponseWriter) {
	type sibling struct {
		Name string `json:"rfilename"`
	}
	siblings := make([]sibling, len(h.files))
	for i, each := range h.files {
		siblings[i] = sibling{each.path}
	}
	answer(w, map[string]any{"id": "bench/model", "sha": commit, "siblings": siblings})
}

func (h *hub) tree(w http.ResponseWriter, r *http.Request) {
	start, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	end := min(start+page, len(h.files))
	entries := make([]map[string]any, 0, end-start)
	for _, each := range h.files[start:end] {
		entry := map[string]any{"type": "file", "path": each.path, "oid": each.gitBlob, "size": each.size}
		if each.size >= large {
			entry["lfs"] = map[string]any{"oid": each.sha256, "size": each.size, "pointerSize": 134}
		}
		entries = append(entries, entry)
	}
	if end < len(h.files) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?recursive=true&cursor=%d>; rel="next"`, r.Host, r.URL.Path, end))
	}
	answer(w, entries)
}

// objects is a page of ListObjectsV2.
func (h *hub) objects(w http.ResponseWriter, r *http.Request) {
	type object struct {
		Key          string
		Size         int64
		ETag         string
		LastModified string
		StorageClass string
	}
	type result struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name                  string
		Prefix                string
		KeyCount, MaxKeys     int
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []object
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("continuation-token"))
	end := min(start+page, len(h.files))
	listed := result{Name: "bench", KeyCount: end - start, MaxKeys: page, IsTruncated: end < len(h.files)}
	for _, each := range h.files[start:end] {
		listed.Contents = append(listed.Contents,
			object{each.path, each.size, strconv.Quote(each.gitBlob), "2026-01-01T00:00:00.000Z", "STANDARD"})
	}
	if listed.IsTruncated {
		listed.NextContinuationToken = strconv.Itoa(end)
	}
	w.Header().Set("Content-Type", "application/xml")
	io.WriteString(w, xml.Header)
	xml.NewEncoder(w).Encode(listed)
}

func (h *hub) resolve(w http.ResponseWriter, r *http.Request, name string) {
	found := h.byPath[name]
	w.Header().Set("X-Repo-Commit", commit)
	if found.size < large {
		h.serve(w, r, found, "file")
		return
	}
	w.Header().Set("X-Linked-Etag", strconv.Quote(found.sha256))
	w.Header().Set("X-Linked-Size", strconv.FormatInt(found.size, 10))
	http.Redirect(w, r, fmt.Sprintf("http://%s/blobs/%s", h.blobs, found.sha256), http.StatusFound)
}

func sum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// manifest has each file as a layer, as ORAS pushes them.
func (h *hub) manifest(w http.ResponseWriter, r *http.Request) {
	descriptor := func(mediaType string, digest string, size int64, title string) map[string]any {
		found := map[string]any{"mediaType": mediaType, "digest": "sha256:" + digest, "size": size}
		if title != "" {
			found["annotations"] = map[string]string{"org.opencontainers.image.title": title}
		}
		return found
	}
	layers := make([]map[string]any, len(h.files))
	for i, each := range h.files {
		layers[i] = descriptor("application/octet-stream", each.sha256, each.size, each.path)
	}
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     mediaType,
		"config":        descriptor("application/vnd.oci.empty.v1+json", sum([]byte("{}")), 2, ""),
		"layers":        layers,
	})
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
	w.Header().Set("Docker-Content-Digest", "sha256:"+sum(manifest))
	if r.Method != http.MethodHead {
		w.Write(manifest)
	}
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request, found file, what string) {
	if found.path == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Etag", strconv.Quote(found.gitBlob+what))
	if what == "file" {
		w.Header().Set("Etag", strconv.Quote(found.gitBlob))
	}
	http.ServeFile(w, r, filepath.Join(h.root, found.path))
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: server FOLDER [MIB_PER_SECOND MILLISECONDS]")
	}
	var rate float64
	var delay int
	if len(os.Args) > 3 {
		rate, _ = strconv.ParseFloat(os.Args[2], 64)
		delay, _ = strconv.Atoi(os.Args[3])
	}
	root := os.Args[1]
	files, err := filesIn(root)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	// Clients tell a CDN from the hub by its address.
	_, port, _ := net.SplitHostPort(opened.Addr().String())
	blobs, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", port))
	if err != nil {
		log.Fatal(err)
	}
	served := &hub{root: root, files: files, byPath: map[string]file{}, byHash: map[string]file{}}
	served.delay = time.Duration(delay) * time.Millisecond
	served.blobs = blobs.Addr().String()
	for _, each := range files {
		served.byPath[each.path] = each
		served.byHash[each.sha256] = each
	}
	fmt.Println("ready", opened.Addr())
	go func() { log.Fatal(http.Serve(listener{blobs, rate * mebibyte}, served)) }()
	log.Fatal(http.Serve(listener{opened, rate * mebibyte}, served))
}
