package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// contentTypes is fixed here because the system's table of types may lack or
// change an entry, and a script with a wrong type does not run.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// asset is a file that pages load.
type asset struct {
	body []byte
	sum  string // of its body: changes with it
}

func readAssets() (map[string]asset, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("list assets: %w", err)
	}
	assets := map[string]asset{}
	for _, entry := range entries {
		body, err := assetFiles.ReadFile(path.Join("assets", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read asset: %w", err)
		}
		sum := sha256.Sum256(body)
		assets[entry.Name()] = asset{body: body, sum: hex.EncodeToString(sum[:8])}
	}
	return assets, nil
}

// assetURL is an address that names the file's very content, and so may be kept.
func (c *Console) assetURL(name string) (string, error) {
	file, ok := c.assets[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/console/assets/" + name + "?v=" + file.sum, nil
}

func (c *Console) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	file, ok := c.assets[name]
	if !ok {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
	w.Header().Set("ETag", `"`+file.sum+`"`)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == file.sum {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
}
