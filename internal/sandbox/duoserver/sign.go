package duoserver

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"securitybot/internal/sandbox/traffic"
)

// maxSkew is how far a request's Date may be off.
const maxSkew = 5 * time.Minute

// canonical is the text that a version 2 signature covers: date, method, host
// with its port, path, and the parameters sorted by name and value.
func canonical(method, host, path string, params url.Values, date string) string {
	sorted := maps.Clone(params)
	for name, values := range sorted {
		sorted[name] = slices.Sorted(slices.Values(values))
	}
	query := strings.ReplaceAll(sorted.Encode(), "+", "%20")
	return strings.Join([]string{date, strings.ToUpper(method), strings.ToLower(host), path, query}, "\n")
}

// signature is the hex HMAC-SHA512 of a canonical request.
func signature(skey, canon string) string {
	mac := hmac.New(sha512.New, []byte(skey))
	mac.Write([]byte(canon))
	return hex.EncodeToString(mac.Sum(nil))
}

// verify returns the refusal of a request that isn't properly signed, else nil.
func (s *Server) verify(r *http.Request, params url.Values) *traffic.Answer {
	refuse := func(code int, message string) *traffic.Answer {
		a := fail(code, message, "")
		return &a
	}
	ikey, given, ok := credentials(r.Header.Get("Authorization"))
	if !ok {
		return refuse(40101, "Missing request credentials")
	}
	if !hmac.Equal([]byte(ikey), []byte(s.opt.IKey)) {
		return refuse(40102, "Invalid integration key in request credentials")
	}
	date := r.Header.Get("Date")
	if date == "" {
		date = r.Header.Get("X-Duo-Date")
	}
	if date == "" {
		return refuse(40104, "Missing request timestamp")
	}
	at, err := mail.ParseDate(date)
	if skew := s.opt.Clock().Sub(at); err != nil || skew.Abs() > maxSkew {
		return refuse(40105, "Bad request timestamp")
	}
	want := signature(s.opt.SKey, canonical(r.Method, r.Host, r.URL.Path, params, date))
	if !hmac.Equal([]byte(given), []byte(want)) {
		return refuse(40103, "Invalid signature in request credentials")
	}
	return nil
}

func credentials(header string) (ikey, sig string, ok bool) {
	encoded, found := strings.CutPrefix(header, "Basic ")
	if !found {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}
